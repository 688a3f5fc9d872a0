/**
 * The conversation: asks the service, shows what it answered with its proof, and follows links into documents.
 */
import { closePanel, openDocument, openList, panelIsOpen } from "./document.js";
import { Problem, button, counted, element, fragmentOf, layOut, request } from "./text.js";

const LONGEST_QUESTION = 2000; // as in the field's maxlength
const COUNTER_FROM = 1800;
const TURNS_SENT = 8;
const EXAMPLES_SHOWN = 3;

const byId = (id) => document.getElementById(id);
const conversation = byId("conversation");
const question = byId("question");

const turns = []; // {role, text}: finished exchanges only
let waiting = null; // the AbortController of the question under way

// --- Asking

function ask(text) {
  const message = text.trim();
  if (!message) return;
  waiting?.abort();
  byId("welcome").hidden = true;
  const exchange = newExchange(message);
  conversation.append(exchange.root);
  send(exchange);
}

/** The parts of one exchange. Only the reply is a live region, so that sources are not read out unasked. */
function newExchange(message) {
  const reply = element("div", { class: "reply", "aria-live": "polite" });
  const proof = element("div", { class: "proof" });
  const root = element("article", { class: "exchange column" }, element("h2", {}, message), reply, proof);
  return { message, root, reply, proof };
}

async function send(exchange) {
  const { message, root, reply, proof } = exchange;
  const controller = new AbortController();
  setWaiting(controller);
  reply.replaceChildren(element("p", { class: "busy" }, "Looking through the documents"));
  proof.replaceChildren();
  root.scrollIntoView({ block: "start" });
  try {
    const answer = await request("/v1/chat", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ message, history: turns.slice(-TURNS_SENT) }),
      signal: controller.signal,
    });
    showAnswer(exchange, answer);
    turns.push({ role: "user", text: message }, { role: "assistant", text: answer.text });
  } catch (error) {
    showFailure(exchange, error);
  } finally {
    // A newer question may have taken this one's place.
    if (waiting === controller) {
      setWaiting(null);
      root.scrollIntoView({ block: "start" });
    }
  }
}

function setWaiting(controller) {
  const stopHadFocus = document.activeElement === byId("stop");
  waiting = controller;
  byId("send").hidden = waiting !== null;
  byId("stop").hidden = waiting === null;
  if (stopHadFocus) question.focus();
}

function showFailure(exchange, error) {
  const again = button("Try again", () => {
    waiting?.abort();
    send(exchange);
    question.focus();
  });
  if (error.name === "AbortError") {
    exchange.reply.replaceChildren(element("div", { class: "stopped" }, element("p", {}, "Stopped."), again));
    return;
  }
  const problem = error instanceof Problem ? error : new Problem("The page could not show the answer", error.message);
  exchange.reply.replaceChildren(element("div", { class: "error" }, problem.toElements(), again));
}

// --- Answers

function showAnswer({ reply, proof }, answer) {
  const refused = answer.status === "refused";
  const body = element("div", { class: refused ? "refusal" : "answer" }, layOut(answer).map((block) => drawn(block, answer)));
  if (refused) body.append(...suggested(answer.suggestions ?? []));
  reply.replaceChildren(body);
  proof.replaceChildren(factsOf(answer, refused ? null : body), ...(refused ? relatedTo(answer) : sourcesOf(answer)));
}

function drawn({ kind, lines }, answer) {
  const draw = (pieces) => pieces.map((piece) => drawnPiece(piece, answer));
  if (kind === "list") return element("ul", {}, lines.map((line) => element("li", {}, draw(line))));
  if (kind === "table") {
    const rows = lines.map((cells) => element("tr", {}, cells.map((cell) => element("td", {}, draw(cell)))));
    return element("div", { class: "wide" }, element("table", {}, element("tbody", {}, rows)));
  }
  return element("p", {}, lines.flatMap((line, index) => [index ? element("br") : null, ...draw(line)]));
}

function drawnPiece({ text, marker, sentence }, { citations }) {
  if (marker) return markerOf(citations.find(({ number }) => number === marker), sentence);
  return sentence === undefined ? text : element("span", { "data-sentence": sentence }, text);
}

function markerOf(citation, sentence) {
  const node = button(`[${citation.number}]`, (from) => openPlace(citation, from), {
    class: "marker",
    title: citation.title,
    "aria-label": `[${citation.number}] Open the source: ${citation.title}`,
  });
  const point = (on) => () => {
    for (const part of node.closest(".answer").querySelectorAll(`[data-sentence="${sentence}"]`)) {
      part.classList.toggle("pointed", on);
    }
  };
  for (const event of ["mouseenter", "focus"]) node.addEventListener(event, point(true));
  for (const event of ["mouseleave", "blur"]) node.addEventListener(event, point(false));
  return node;
}

/** The line below an answer; `copied` is the element with the answer's text, null where there is none to copy. */
function factsOf(answer, copied) {
  const facts = [];
  if (copied) facts.push(`confidence ${answer.confidence.toFixed(2)}`);
  facts.push(`took ${timeOf(answer.timings_ms.total)}`);
  if (answer.standalone_question && answer.standalone_question !== answer.question) {
    facts.push(`understood as “${answer.standalone_question}”`);
  }
  const copy = copied ? button("Copy", (node) => copyText(answer.text, copied, node), { class: "quiet" }) : null;
  return element("p", { class: "facts" }, element("span", {}, facts.join(" · ")), copy);
}

function timeOf(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

async function copyText(text, shown, node) {
  // Over plain HTTP from another machine browsers have no clipboard: then select, and let the reader copy.
  if (navigator.clipboard) {
    const done = await navigator.clipboard.writeText(text).then(() => true, () => false);
    node.textContent = done ? "Copied" : "Not allowed";
  } else {
    getSelection().selectAllChildren(shown);
    node.textContent = "Selected, press Ctrl+C";
  }
  setTimeout(() => (node.textContent = "Copy"), 2500);
}

function sourcesOf({ citations }) {
  if (!citations.length) return [];
  // Neighbours from the same part of a document stand under one line that names it.
  const origins = citations.map((citation) => `${citation.document}\n${trailOf(citation)}`);
  const items = citations.map((citation, at) => sourceOf(citation, origins[at] !== origins[at - 1]));
  return [element("h3", {}, counted(citations.length, "source")), element("ul", { class: "sources" }, items)];
}

function sourceOf(citation, named) {
  const { number, title, quote, stale } = citation;
  return element("li", {},
    named ? originOf(title, trailOf(citation)) : null,
    quoteButton(citation, quote, number),
    stale ? element("p", { class: "note" }, "The document has changed since.") : null);
}

function trailOf({ title, headings, page }) {
  return [...headings.filter((heading) => heading !== title), ...(page ? [`page ${page}`] : [])].join(" › ");
}

function originOf(name, trail = "") {
  return element("p", { class: "origin" }, element("span", { class: "name" }, name), " ", element("span", {}, trail));
}

function quoteButton(place, quote, number = "") {
  return button([element("span", { class: "number" }, `${number}`), element("q", {}, quote)],
    (from) => openPlace(place, from), { class: "source", title: "Open the document at this place" });
}

function suggested(suggestions) {
  if (!suggestions.length) return [];
  return [element("h3", {}, "The documents do answer"), element("div", { class: "choices" }, suggestions.map(choiceOf))];
}

function choiceOf(text) {
  return button(text, () => {
    ask(text);
    question.focus();
  }, { class: "choice" });
}

function relatedTo({ related = [] }) {
  if (!related.length) return [];
  const passages = related.map((passage) =>
    element("li", {}, originOf(passage.document), quoteButton(passage, passage.text)));
  return [element("h3", {}, "Related passages, not proof"), element("ul", { class: "sources" }, passages)];
}

function openPlace(place, from) {
  history.replaceState(null, "", fragmentOf(place));
  openDocument(place, from);
}

// --- Around the conversation

async function showHoldings() {
  const holdings = byId("holdings");
  try {
    const { documents, generation, examples = [] } = await request("/v1/documents");
    holdings.textContent = `${counted(documents.length, "document")}, generation ${generation}`;
    byId("examples").append(...examples.slice(0, EXAMPLES_SHOWN).map(choiceOf));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    holdings.textContent = error.message;
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
    question.value = asked.get("q");
    submit();
  } else if (panelIsOpen()) {
    closePanel();
  }
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
  if (event.key !== "Escape") return;
  const inPanel = byId("panel").contains(document.activeElement);
  if (waiting && !inPanel) waiting.abort();
  else if (panelIsOpen()) closePanel();
}

function onEnter(event) {
  // While an input method composes, Enter chooses a character.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!waiting) submit();
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!waiting) submit();
});
byId("stop").addEventListener("click", () => waiting?.abort());
byId("panel-close").addEventListener("click", closePanel);
question.addEventListener("keydown", onEnter);
question.addEventListener("input", showCounter);
document.addEventListener("keydown", onKey);
addEventListener("hashchange", follow);
showHoldings();
follow();
