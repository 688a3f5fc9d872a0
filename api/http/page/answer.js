/**
 * Renders an answer: its sentences with their markers as they arrive, then the whole with its sources.
 * An exchange is {reply, proof}: the element of the answer, and the one below it for feedback and sources.
 */
import { openDocument } from "./document.js";
import { feedbackOn } from "./feedback.js";
import { button, counted, element, fragmentOf, layOut, withoutPlaces } from "./text.js";

const MAX_TITLES = 3;

/** Shows what the service is doing until there is something else to show. */
export function showProgress({ reply }, text) {
  reply.replaceChildren(element("p", { class: "busy" }, text));
}

/** Shows which passages were found, before the service knows whether they answer the question. */
export function showHits(exchange, hits) {
  showProgress(exchange, hits.length ? `Found ${describeHits(hits)}. Reading them` : "No passage found");
}

function describeHits(hits) {
  // Two documents may have the same title.
  const titles = [...new Map(hits.map(({ document, title }) => [document, title || document])).values()];
  const shown = titles.slice(0, MAX_TITLES);
  const others = titles.length - shown.length;
  const names = shown.join(", ") + (others ? ` and ${counted(others, "other")}` : "");
  const where = titles.length === 1 ? names : `${counted(titles.length, "document")}: ${names}`;
  return `${counted(hits.length, "passage")} in ${where}`;
}

/** Appends a sentence. */
export function addSentence({ reply }, { text, citations, decisive }) {
  let paragraph = reply.querySelector(".answer p");
  if (!paragraph) {
    paragraph = element("p");
    // Screen readers read the complete answer once, not each sentence and then all of them again.
    reply.setAttribute("aria-busy", "true");
    reply.replaceChildren(element("div", { class: "answer" }, paragraph));
  }
  const sentence = paragraph.querySelectorAll("[data-sentence]").length;
  paragraph.append(
    sentence ? " " : "",
    sentenceElement(text, sentence, decisive),
    ...citations.flatMap((citation) => [" ", markerOf(citation, sentence)]),
  );
}

/** Shows the complete answer instead of the sentences so far. `choose` is called with a chosen suggestion. */
export function showAnswer({ reply, proof }, answer, choose) {
  const refused = answer.status === "refused";
  const blocks = layOut(answer).map((block) => blockElement(block, answer));
  const body = element("div", { class: refused ? "refusal" : "answer" }, blocks);
  const isSmallTalk = refused && answer.reason && answer.reason !== "no_answer";
  if (refused) body.append(...suggestionsOf(answer.suggestions, choose, isSmallTalk));
  const { buttons, details } = feedbackOn(answer);
  const focused = reply.contains(document.activeElement) ? document.activeElement.textContent : null;
  reply.replaceChildren(body);
  reply.removeAttribute("aria-busy");
  // A marker that had the focus keeps it.
  if (focused) [...reply.querySelectorAll(".marker")].find(({ textContent }) => textContent === focused)?.focus();
  if (isSmallTalk) return proof.replaceChildren();
  proof.replaceChildren(
    factsOf(answer, refused ? null : body, buttons), details,
    ...(refused ? relatedPassages(answer) : sourcesOf(answer)),
  );
}

/** A button with a question to ask. */
export function choiceOf(text, choose) {
  return button(text, () => choose(text), { class: "choice" });
}

function blockElement({ kind, lines }, answer) {
  const draw = (pieces) => pieces.map((piece) => pieceElement(piece, answer));
  if (kind === "list") return element("ul", {}, lines.map((line) => element("li", {}, draw(line))));
  if (kind === "table") {
    const rows = lines.map((cells) => element("tr", {}, cells.map((cell) => element("td", {}, draw(cell)))));
    return element("div", { class: "wide" }, element("table", {}, element("tbody", {}, rows)));
  }
  return element(kind === "code" ? "pre" : "p", {}, lines.flatMap((line, index) => [index ? element("br") : null, ...draw(line)]));
}

function pieceElement({ text, marker, sentence }, { citations, sentences }) {
  if (marker) return markerOf(citations.find(({ number }) => number === marker), sentence);
  return sentence === undefined ? text : sentenceElement(text, sentence, sentences[sentence].decisive);
}

/** The decisive sentence of an answer stands out. */
function sentenceElement(text, sentence, decisive) {
  return element("span", { "data-sentence": sentence, ...(decisive && { class: "decisive" }) }, text);
}

function markerOf(citation, sentence) {
  const node = button(`[${citation.number}]`, (from) => openPlace(citation, from), {
    class: "marker",
    title: citation.title,
    "aria-label": `[${citation.number}] Open the source: ${citation.title}`,
  });
  const highlight = (on) => () => {
    for (const part of node.closest(".answer").querySelectorAll(`[data-sentence="${sentence}"]`)) {
      part.classList.toggle("highlighted", on);
    }
  };
  for (const event of ["mouseenter", "focus"]) node.addEventListener(event, highlight(true));
  for (const event of ["mouseleave", "blur"]) node.addEventListener(event, highlight(false));
  return node;
}

/** The line below an answer. `copyable` is the element with the answer's text, null for a refusal. */
function factsOf(answer, copyable, verdicts) {
  const facts = [];
  if (copyable) facts.push(`confidence ${answer.confidence.toFixed(2)}`);
  facts.push(`took ${timeOf(answer.timings_ms.total)}`);
  if (answer.standalone_question && answer.standalone_question !== answer.question) {
    facts.push(`understood as “${answer.standalone_question}”`);
  }
  if (answer.prompt) facts.push(answer.writer);
  if (answer.notice) facts.push(answer.notice);
  const copy = copyable ? button("Copy", (node) => copyText(answer.text, copyable, node), { class: "quiet" }) : null;
  return element("div", { class: "facts" }, element("span", {}, facts.join(" · ")), copy, verdicts);
}

function timeOf(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

async function copyText(text, copyable, node) {
  // Browsers have no clipboard over plain HTTP from another machine: select the text for the user to copy.
  if (navigator.clipboard) {
    const done = await navigator.clipboard.writeText(text).then(() => true, () => false);
    node.textContent = done ? "Copied" : "Not allowed";
  } else {
    getSelection().selectAllChildren(copyable);
    node.textContent = "Selected, press Ctrl+C";
  }
  setTimeout(() => (node.textContent = "Copy"), 2500);
}

function sourcesOf(answer) {
  const citations = answer.citations.toSorted((one, other) => one.number - other.number);
  if (!citations.length) return [];
  // Consecutive citations from the same section share one line that names it.
  const origins = citations.map((citation) => `${citation.document}\n${trailOf(citation)}`);
  const items = citations.map((citation, at) => sourceOf(citation, origins[at] !== origins[at - 1]));
  return [element("h3", {}, counted(citations.length, "source")), element("ul", { class: "sources" }, items)];
}

function sourceOf(citation, showOrigin) {
  const { number, title, quote, stale } = citation;
  return element("li", {},
    showOrigin ? originOf(title, trailOf(citation), citation.url) : null,
    quoteButton(citation, quote, number),
    stale ? element("p", { class: "note" }, "The document has changed since.") : null);
}

function trailOf({ title, headings, place, date }) {
  const path = headings.filter((heading) => heading !== title).join(" › ");
  return [path, place, date].filter(Boolean).join(", ");
}

/** The name of a document, linked to its original on the web if it has one. */
function originOf(name, trail = "", url = "") {
  const isOnWeb = /^https?:\/\//i.test(url);
  const named = isOnWeb
    ? element("a", { class: "name", href: url, target: "_blank", rel: "noopener noreferrer" }, name)
    : element("span", { class: "name" }, name);
  return element("p", { class: "origin" }, named, " ", element("span", {}, trail));
}

function quoteButton(place, quote, number = "") {
  return button([element("span", { class: "number" }, `${number}`), element("q", {}, quote)],
    (from) => openPlace(place, from), { class: "source", title: "Open the document at this place" });
}

function suggestionsOf(suggestions, choose, isSmallTalk) {
  if (!suggestions.length) return [];
  const choices = suggestions.map((text) => choiceOf(text, choose));
  const heading = isSmallTalk ? "Questions that the documents answer" : "The documents do answer";
  return [element("h3", {}, heading), element("div", { class: "choices" }, choices)];
}

function relatedPassages({ related }) {
  if (!related.length) return [];
  const passages = related.map((passage) =>
    element("li", {}, originOf(passage.document), quoteButton(passage, withoutPlaces(passage))));
  return [element("h3", {}, "Related passages, not proof"), element("ul", { class: "sources" }, passages)];
}

function openPlace(place, from) {
  history.replaceState(null, "", fragmentOf(place));
  openDocument(place, from);
}
