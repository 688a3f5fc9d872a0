/**
 * What this tab remembers until it is closed, a reload included. Where the browser lends no storage,
 * until the page is left.
 */
const PREFIX = "assistant.";
const lent = new Map();

export function recall(name) {
  try {
    return sessionStorage.getItem(PREFIX + name) ?? "";
  } catch {
    return lent.get(name) ?? "";
  }
}

/** An empty text is the same as nothing, and leaves nothing behind. */
export function remember(name, text) {
  try {
    if (text) sessionStorage.setItem(PREFIX + name, text);
    else sessionStorage.removeItem(PREFIX + name);
  } catch {
    lent.set(name, text);
  }
}
