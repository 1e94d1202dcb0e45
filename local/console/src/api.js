/** Calls of the public API, with the credentials of this tab. There is no other door to the server. */
import { answered } from "./clock.js";
import * as exact from "./exact.js";
import { credentials, forget, REFUSED } from "./session.js";

const base = location.pathname.replace(/\/console\/?$/, "/");

/** The absolute URL of a path of the API, such as `workflows`. */
export function url(path) {
  const found = new URL(base + path, location.origin);
  if (found.origin !== location.origin || !found.pathname.startsWith(base) || found.hash) throw new Error("no path of the API");
  return found.href;
}

/** An error answer of the API: docs/api.md, "Problems". */
export class Problem extends Error {
  constructor(status, document, retryAfter) {
    super(document.detail ?? document.title ?? `HTTP ${status}`);
    this.status = status;
    this.title = document.title ?? `HTTP ${status}`;
    this.detail = document.detail ?? "";
    this.trace = document.instance ?? "";
    /** `[{name, reason}]`, with paths such as `workflow[1].to.number`. */
    this.faults = document.invalid_parameters ?? [];
    this.document = document;
    /** Seconds to wait before the next call, or 0. */
    this.retryAfter = retryAfter;
  }
}

/** The server did not answer, or not in the API's form. */
export class NoAnswer extends Error {}

let counted = () => {};

/** `listener(act)` is called at each call; `act`: whether it changes something, as a GET and a plan do not. */
export function countCalls(listener) {
  counted = listener;
}

/**
 * Call the API.
 *
 * @param {string} method
 * @param {string} path below the base, such as `workflows?limit=1`
 * @param {{body?: object | string, headers?: object, signal?: AbortSignal, as?: {key: string, secret: string}}} more
 * @returns {Promise<{data: object, status: number, took: number}>} `took` in ms
 * @throws {Problem | NoAnswer}
 */
export async function call(method, path, { body, headers = {}, signal, as = credentials() } = {}) {
  if (!as) throw new Problem(401, { title: "Not signed in" }, 0);
  counted(method !== "GET" && !path.includes("dry_run"));
  const began = Date.now();
  const sent = { Authorization: `Basic ${base64(`${as.key}:${as.secret}`)}`, Accept: "application/json", ...headers };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  let answer, text;
  try {
    answer = await fetch(url(path), {
      method,
      signal,
      headers: sent,
      body: body === undefined || typeof body === "string" ? body : exact.stringify(body, 0),
      credentials: "omit", // else a browser shows its own box at `WWW-Authenticate`
      cache: "no-store",
      redirect: "error",
    });
    text = await answer.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new NoAnswer("no answer");
  }
  const took = Date.now() - began;
  const data = parsed(text);
  if (data === undefined) throw new NoAnswer(`HTTP ${answer.status} without JSON`);
  if (!answer.ok) {
    if (answer.status === 401 && as === credentials()) forget(REFUSED);
    throw new Problem(answer.status, data, Number(answer.headers.get("Retry-After")) || 0);
  }
  if (data.as_of) answered(Date.parse(data.as_of), began, took);
  return { data, status: answer.status, took };
}

export const get = (path, more) => call("GET", path, more);
export const post = (path, body, more) => call("POST", path, { ...more, body });

function parsed(text) {
  try {
    const data = exact.parseAnswer(text || "{}");
    return typeof data === "object" && data !== null ? data : undefined;
  } catch {
    return undefined;
  }
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
