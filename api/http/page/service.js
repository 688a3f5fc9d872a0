/**
 * The service as the page knows it: requests, streams of events, and what is told when they fail.
 */
import { anotherKey, bearer, currentKey } from "./key.js";
import { eventsOf } from "./stream.js";
import { counted, element } from "./text.js";

/** What went wrong, in words for the reader: a problem document (RFC 9457), or our own account of it. */
export class Problem extends Error {
  constructor(title, detail = "", status = 0) {
    super(title);
    this.detail = detail;
    this.status = status;
  }

  /** Of a problem document, or of whatever came in place of one. */
  static of(document, status) {
    const fallback = `The service answered with status ${status}`;
    const text = (value, otherwise) => (typeof value === "string" && value ? value : otherwise);
    return new Problem(text(document?.title, fallback), text(document?.detail, ""), status);
  }

  toElements() {
    return [element("strong", {}, this.message), this.detail ? element("p", {}, this.detail) : null];
  }
}

/** The JSON at a path, null where there is nothing to tell. Raises Problem; an abort stays the browser's AbortError. */
export async function request(path, options = {}) {
  const response = await answered(path, options);
  if (response.status === 204) return null;
  const body = await jsonOf(response);
  if (response.ok && body) return body;
  throw problemOf(response, body);
}

/** The events at a path as [name, data]. Raises as `request` does, for a connection that breaks off too. */
export async function* stream(path, options) {
  const response = await answered(path, options);
  if (!response.ok || !response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    throw problemOf(response, await jsonOf(response));
  }
  try {
    for await (const { event, data } of eventsOf(response.body)) yield [event, JSON.parse(data)];
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The connection broke off", "The answer had begun, and its end did not come.");
  }
}

/** What is sent as JSON, as options of a request. */
export function sending(body, options = {}) {
  const headers = { "Content-Type": "application/json", ...options.headers };
  return { method: "POST", body: JSON.stringify(body), ...options, headers };
}

/** An id that nobody else has. Over plain HTTP from another machine browsers make no UUIDs. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The response, with a key where one is wanted: then what failed for want of it is sent again. */
async function answered(path, options) {
  for (;;) {
    const key = currentKey();
    const headers = { ...options.headers, ...bearer(key) };
    const response = await fetch(path, { ...options, headers }).catch((error) => {
      if (error.name === "AbortError") throw error;
      throw new Problem("The service cannot be reached", "Check that it is running and that you are connected.");
    });
    if (response.status !== 401 || !(await anotherKey(key))) return response;
  }
}

async function jsonOf(response) {
  return response.json().catch((error) => {
    if (error.name === "AbortError") throw error;
    return null;
  });
}

function problemOf(response, body) {
  const problem = Problem.of(body, response.status);
  const wait = Number(response.headers.get("Retry-After"));
  if (response.status === 429 && wait) problem.detail += ` (${counted(wait, "second")})`;
  return problem;
}
