/**
 * The page around the conversation: the question field, the header, and the URL fragment, which may name
 * a document or a question.
 */
import { choiceOf } from "./answer.js";
import { waitForFirstIndex } from "./build.js";
import { ask, choose, isWaiting, restore, startNew, stop } from "./conversation.js";
import { closePanel, openDocument, openList, panelIsOpen } from "./document.js";
import { currentKey, forgetKey } from "./key.js";
import { Problem, request } from "./service.js";
import { button, counted, element } from "./text.js";

const MAX_QUESTION = 2000; // characters, as the maxlength of the field
const COUNTER_FROM = 1800;
const MAX_EXAMPLES = 3;

const byId = (id) => document.getElementById(id);
const question = byId("question");

let summaryFailed = false;

/** Shows the size of the index in the header and some example questions, after the first build if needed. */
async function showSummary() {
  const summary = byId("summary");
  const examples = byId("examples");
  summaryFailed = false;
  summary.textContent = "";
  examples.replaceChildren();
  try {
    const listing = await listDocuments();
    summary.textContent = `${counted(listing.documents.length, "document")}, generation ${listing.generation}`;
    examples.replaceChildren(...listing.examples.slice(0, MAX_EXAMPLES).map((text) => choiceOf(text, choose)));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    summaryFailed = true;
    summary.textContent = error.message;
    examples.replaceChildren(element("div", { class: "error" }, error.toElements(), button("Try again", showSummary)));
  }
}

async function listDocuments() {
  try {
    return await request("/v1/documents");
  } catch (error) {
    if (error.status === 503 && (await waitForFirstIndex())) return request("/v1/documents");
    throw error;
  }
}

/** Acts on the fragment: #documents, #document=PATH&sha256=SHA&start=N&end=N, or #q=QUESTION. */
function followFragment() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const number = (name) => (fragment.has(name) ? Number(fragment.get(name)) : undefined);
  if (fragment.has("document")) {
    const sha256 = fragment.get("sha256") ?? undefined;
    openDocument({ document: fragment.get("document"), sha256, start: number("start"), end: number("end") });
  } else if (fragment.has("documents")) {
    openList();
  } else if (fragment.has("q")) {
    // A reload must not ask the question again.
    clearFragment();
    ask(fragment.get("q"));
  } else if (panelIsOpen()) {
    closePanel();
  }
}

function clearFragment() {
  history.replaceState(null, "", location.pathname);
}

function submit() {
  const text = question.value;
  question.value = "";
  showCounter();
  ask(text);
}

function showCounter() {
  const { length } = question.value;
  byId("counter").textContent = length >= COUNTER_FROM ? `${counted(MAX_QUESTION - length, "character")} left` : "";
}

function onKey(event) {
  if (event.key !== "Escape" || byId("key-dialog").open) return;
  const inPanel = byId("panel").contains(document.activeElement);
  if (isWaiting() && !inPanel) stop();
  else if (panelIsOpen()) closePanel();
}

function onEnter(event) {
  // In an input method, Enter selects a character.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!isWaiting()) submit();
}

function onHome(event) {
  // A link that opens a new tab starts a new conversation anyway.
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (panelIsOpen()) closePanel();
  startNew();
}

/** Forgets the key and everything that it gave access to. */
function signOut() {
  forgetKey();
  startNew();
  clearFragment();
  location.reload();
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!isWaiting()) submit();
});
byId("stop").addEventListener("click", stop);
byId("home").addEventListener("click", onHome);
byId("forget-key").addEventListener("click", signOut);
byId("key-dialog").addEventListener("close", () => {
  if (summaryFailed && currentKey()) showSummary();
});
byId("panel-close").addEventListener("click", closePanel);
question.addEventListener("keydown", onEnter);
question.addEventListener("input", showCounter);
document.addEventListener("keydown", onKey);
addEventListener("hashchange", followFragment);
Promise.all([showSummary(), restore()]).then(followFragment);
