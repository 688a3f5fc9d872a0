/**
 * Requests to the service, event streams, and the errors of both.
 */
import { authorization, currentKey, requestKey } from "./key.js";
import { urlOf } from "./root.js";
import { eventsOf } from "./stream.js";
import { counted, element } from "./text.js";

/** An error to show to the user: a problem document (RFC 9457), or one that the page found itself. */
export class Problem extends Error {
  constructor(title, detail = "", status = 0) {
    super(title);
    this.detail = detail;
    this.status = status;
  }

  /** Reads a problem document; `document` may be anything if the response was not one. */
  static of(document, status) {
    const fallback = `The service answered with status ${status}`;
    const text = (value, ifMissing) => (typeof value === "string" && value ? value : ifMissing);
    return new Problem(text(document?.title, fallback), text(document?.detail, ""), status);
  }

  toElements() {
    return [element("strong", {}, this.message), this.detail ? element("p", {}, this.detail) : null];
  }
}

/** Returns the JSON of a response, null for 204. Throws Problem, or the browser's AbortError. */
export async function request(path, options = {}) {
  const response = await send(path, options);
  if (response.status === 204) return null;
  const body = await jsonOf(response);
  if (response.ok && body) return body;
  throw problemOf(response, body);
}

/** Returns a file as {blob, name}. Throws like `request`. */
export async function fileOf(path) {
  const response = await send(path, {});
  if (!response.ok) throw problemOf(response, await jsonOf(response));
  const disposition = response.headers.get("Content-Disposition") ?? "";
  const [, encoded, plain] = /filename\*=utf-8''([^;]*)|filename="([^"]*)"/i.exec(disposition) ?? [];
  return { blob: await response.blob(), name: encoded ? decodeURIComponent(encoded) : plain ?? "document" };
}

/** Yields the events of a stream as [name, data]. Throws like `request`, also if the connection is lost. */
export async function* stream(path, options) {
  const response = await send(path, options);
  if (!response.ok || !response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    throw problemOf(response, await jsonOf(response));
  }
  try {
    for await (const { event, data } of eventsOf(response.body)) yield [event, JSON.parse(data)];
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The connection was lost", "The answer is incomplete.");
  }
}

/** Returns the options of a request that sends JSON. */
export function jsonOptions(body, options = {}) {
  const headers = { "Content-Type": "application/json", ...options.headers };
  return { method: "POST", body: JSON.stringify(body), ...options, headers };
}

/** Returns a unique id. Browsers have no `randomUUID` over plain HTTP from another machine. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sends a request with the API key. Asks the user for a key after a 401, and sends it again. */
async function send(path, options) {
  for (;;) {
    const key = currentKey();
    const headers = { ...options.headers, ...authorization(key) };
    const response = await fetch(urlOf(path), { ...options, headers }).catch((error) => {
      if (error.name === "AbortError") throw error;
      throw new Problem("The service cannot be reached", "Check that it is running and that you are connected.");
    });
    if (response.status !== 401 || !(await requestKey(key))) return response;
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
