/** The address as text: `#/workflows?status=running`, `#/w/{id}/webhooks?at=3`. Pure; route.js follows and changes it. */

const PAGES = ["workflows", "w", "new", "phones", "play", "overview"];

/** @returns {{page: string, parts: string[], query: Record<string, string>}} */
export function parsed(hash) {
  const [, path, search = ""] = /^#?\/?([^?]*)\??(.*)$/s.exec(hash);
  const [page, ...parts] = path.split("/").filter(Boolean).map(decoded);
  const query = Object.fromEntries(new URLSearchParams(search));
  return PAGES.includes(page) ? { page, parts, query } : { page: "workflows", parts: [], query };
}

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
