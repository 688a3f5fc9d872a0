/**
 * The API key of this tab, and the form that asks for one.
 */
import { recall, remember } from "./stored.js";

const byId = (id) => document.getElementById(id);
const dialog = byId("key-dialog");
const field = byId("key");

let asking = null; // the promise of the form that is open

/** The key that is sent with every request; empty where none was asked for. */
export function currentKey() {
  return recall("key");
}

export function forgetKey() {
  keep("");
}

/**
 * Asks for a key where this one was refused, or none was sent. Whether there is another one now; false
 * where the reader gives none. Many may wait for the one form.
 */
export function anotherKey(refused) {
  if (!asking && currentKey() !== refused) return Promise.resolve(true);
  asking ??= ask(refused).finally(() => (asking = null));
  return asking;
}

function ask(refused) {
  forgetKey();
  tell(refused && "The key that was used until now does not count any more.");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(currentKey() !== ""), { once: true });
  });
}

async function take() {
  const key = field.value.trim();
  const fault = await faultOf(key);
  // It may have been closed meanwhile: then the key is not wanted.
  if (!dialog.open) return;
  tell(fault);
  if (fault) {
    field.select();
    field.focus();
    return;
  }
  keep(key);
  dialog.close();
}

/** Why the service does not take this key; empty where it does. */
async function faultOf(key) {
  // Anything else cannot stand in a header.
  if (!/^[\x21-\x7e]+$/.test(key)) return "A key has only letters without accents, digits and signs, and no spaces.";
  const response = await fetch("/v1/index", { headers: bearer(key) }).catch(() => null);
  if (!response) return "The service cannot be reached.";
  if (response.status === 401) return "This key does not count here: check that it was copied whole.";
  if (response.status === 429) return "Too many tries: wait a little, then try again.";
  return "";
}

export function bearer(key) {
  return key ? { Authorization: `Bearer ${key}` } : {};
}

function keep(key) {
  remember("key", key);
  showState();
}

function tell(fault) {
  byId("key-fault").textContent = fault;
  byId("key-fault").hidden = !fault;
  field.setAttribute("aria-invalid", String(Boolean(fault)));
}

function showState() {
  byId("forget-key").hidden = !currentKey();
}

byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  take();
});
byId("key-later").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => (field.value = ""));
showState();
