/**
 * The page around the conversation: the question field, the header, and the address, which may name a
 * document or a question.
 */
import { choiceOf } from "./answer.js";
import { ask, begin, choose, isWaiting, restore, stop } from "./conversation.js";
import { closePanel, openDocument, openList, panelIsOpen } from "./document.js";
import { currentKey, forgetKey } from "./key.js";
import { Problem, request } from "./service.js";
import { button, counted, element } from "./text.js";

const LONGEST_QUESTION = 2000; // as in the field's maxlength
const COUNTER_FROM = 1800;
const EXAMPLES_SHOWN = 3;

const byId = (id) => document.getElementById(id);
const question = byId("question");

let holdingsFailed = false;

/** What there is to ask about, in the header, and some questions to begin with. */
async function showHoldings() {
  const holdings = byId("holdings");
  const examples = byId("examples");
  holdingsFailed = false;
  try {
    const listing = await request("/v1/documents");
    holdings.textContent = `${counted(listing.documents.length, "document")}, generation ${listing.generation}`;
    examples.replaceChildren(...listing.examples.slice(0, EXAMPLES_SHOWN).map((text) => choiceOf(text, choose)));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    holdingsFailed = true;
    holdings.textContent = error.message;
    examples.replaceChildren(element("div", { class: "error" }, error.toElements(), button("Try again", showHoldings)));
  }
}

/** Follow the address: #documents, #document=PATH&sha256=SHA&start=N&end=N, or #q=QUESTION. */
function follow() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const number = (name) => (asked.has(name) ? Number(asked.get(name)) : undefined);
  if (asked.has("document")) {
    const sha256 = asked.get("sha256") ?? undefined;
    openDocument({ document: asked.get("document"), sha256, start: number("start"), end: number("end") });
  } else if (asked.has("documents")) {
    openList();
  } else if (asked.has("q")) {
    // A reload shows the answer again, and must not ask once more.
    leaveAddress();
    ask(asked.get("q"));
  } else if (panelIsOpen()) {
    closePanel();
  }
}

function leaveAddress() {
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
  byId("counter").textContent = length >= COUNTER_FROM ? `${counted(LONGEST_QUESTION - length, "character")} left` : "";
}

function onKey(event) {
  if (event.key !== "Escape" || byId("key-dialog").open) return;
  const inPanel = byId("panel").contains(document.activeElement);
  if (isWaiting() && !inPanel) stop();
  else if (panelIsOpen()) closePanel();
}

function onEnter(event) {
  // While an input method composes, Enter chooses a character.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!isWaiting()) submit();
}

function onHome(event) {
  // In a tab of its own the link begins a new conversation anyway.
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (panelIsOpen()) closePanel();
  begin();
}

/** What was shown with the key goes with it. */
function leave() {
  forgetKey();
  begin();
  leaveAddress();
  location.reload();
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!isWaiting()) submit();
});
byId("stop").addEventListener("click", stop);
byId("home").addEventListener("click", onHome);
byId("forget-key").addEventListener("click", leave);
byId("key-dialog").addEventListener("close", () => {
  if (holdingsFailed && currentKey()) showHoldings();
});
byId("panel-close").addEventListener("click", closePanel);
question.addEventListener("keydown", onEnter);
question.addEventListener("input", showCounter);
document.addEventListener("keydown", onKey);
addEventListener("hashchange", follow);
showHoldings();
restore().then(follow);
