/**
 * Values that last as long as this tab, reloads included. If the browser blocks session storage they
 * last until the page is left.
 */
const PREFIX = "assistant.";
const fallback = new Map();

/** The stored text, or "". */
export function load(name) {
  try {
    return sessionStorage.getItem(PREFIX + name) ?? "";
  } catch {
    return fallback.get(name) ?? "";
  }
}

/** Stores a text; an empty one removes the entry. */
export function store(name, text) {
  try {
    if (text) sessionStorage.setItem(PREFIX + name, text);
    else sessionStorage.removeItem(PREFIX + name);
  } catch {
    fallback.set(name, text);
  }
}
