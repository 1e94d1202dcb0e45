/** The address as text: `#/workflows?status=running`, `#/w/{id}/webhooks?at=3`. Pure; route.js follows and changes it. */

const PAGES = ["workflows", "w", "new", "phones", "play", "overview"];
const OF_ONE_WORKFLOW = ["w", "play"];

/** An id of a workflow, as `text.match(ID)`. */
export const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @returns {{page: string, parts: string[], query: Record<string, string>}} */
export function parsed(hash) {
  const [, path, search = ""] = /^#?\/?([^?]*)\??(.*)$/s.exec(hash);
  const [page, ...parts] = path.split("/").filter(Boolean).map(decoded);
  const query = Object.fromEntries(new URLSearchParams(search));
  if (!PAGES.includes(page)) return { page: "workflows", parts: [], query };
  if (OF_ONE_WORKFLOW.includes(page) && parts.length > 0 && !ID.test(parts[0])) return { page, parts: [NO_ID], query };
  return { page, parts, query };
}

/** In the place of what is no id: it becomes a part of paths of the API, and must be none but an id. */
const NO_ID = "none";

/** The link to a page: `href("w", ["<id>", "webhooks"], {at: 3})`. Leaves out empty values of the query. */
export function href(page, parts = [], query = {}) {
  const kept = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const search = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString();
  return `#/${[page, ...parts].map(encodeURIComponent).join("/")}${search ? `?${search}` : ""}`;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
