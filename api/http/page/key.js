/**
 * The API key of this tab, and the dialog that asks for one.
 */
import { urlOf } from "./root.js";
import { load, store } from "./storage.js";

const byId = (id) => document.getElementById(id);
const dialog = byId("key-dialog");
const field = byId("key");

let openDialog = null; // the promise of the open dialog

/** The key that is sent with every request, or "". */
export function currentKey() {
  return load("key");
}

export function forgetKey() {
  storeKey("");
}

/**
 * Asks the user for a key after `rejected` (or "") was rejected. Resolves to whether there is another key
 * now. Requests that fail at the same time share one dialog.
 */
export function requestKey(rejected) {
  if (!openDialog && currentKey() !== rejected) return Promise.resolve(true);
  openDialog ??= ask(rejected).finally(() => (openDialog = null));
  return openDialog;
}

function ask(rejected) {
  forgetKey();
  showFault(rejected && "Your key is no longer valid.");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(currentKey() !== ""), { once: true });
  });
}

async function submit() {
  const key = field.value.trim();
  const fault = await faultOf(key);
  // The user may have closed the dialog while the key was checked.
  if (!dialog.open) return;
  showFault(fault);
  if (fault) {
    field.select();
    field.focus();
    return;
  }
  storeKey(key);
  dialog.close();
}

/** Returns why the service rejects this key, or "" if it accepts it. */
async function faultOf(key) {
  // No other characters are allowed in a header.
  if (!/^[\x21-\x7e]+$/.test(key)) return "A key consists of unaccented letters, digits and punctuation, without spaces.";
  const response = await fetch(urlOf("/v1/index"), { headers: authorization(key) }).catch(() => null);
  if (!response) return "The service cannot be reached.";
  if (response.status === 401) return "This key is not valid: check that you copied all of it.";
  if (response.status === 429) return "Too many attempts: wait a moment and try again.";
  return "";
}

export function authorization(key) {
  return key ? { Authorization: `Bearer ${key}` } : {};
}

function storeKey(key) {
  store("key", key);
  showForgetButton();
}

function showFault(fault) {
  byId("key-fault").textContent = fault;
  byId("key-fault").hidden = !fault;
  field.setAttribute("aria-invalid", String(Boolean(fault)));
}

function showForgetButton() {
  byId("forget-key").hidden = !currentKey();
}

byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
byId("key-later").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => (field.value = ""));
showForgetButton();
