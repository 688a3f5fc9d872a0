/**
 * An answer as elements: its sentences with their markers while they come, then the whole with its proof.
 * An exchange is {reply, proof}: the element of the answer, and that of what stands below it.
 */
import { openDocument } from "./document.js";
import { feedbackOn } from "./feedback.js";
import { button, counted, element, fragmentOf, layOut } from "./text.js";

const DOCUMENTS_NAMED = 3;

/** What is being done at the moment, while there is nothing else to show. */
export function showProgress({ reply }, text) {
  reply.replaceChildren(element("p", { class: "busy" }, text));
}

/** What was found, before it is known whether it answers the question. */
export function showFound(exchange, hits) {
  showProgress(exchange, hits.length ? `Found ${foundIn(hits)}. Reading them` : "Found no passage");
}

function foundIn(hits) {
  // Two documents may have the same title.
  const titles = [...new Map(hits.map(({ document, title }) => [document, title || document])).values()];
  const named = titles.slice(0, DOCUMENTS_NAMED);
  const others = titles.length - named.length;
  const names = named.join(", ") + (others ? ` and ${counted(others, "other")}` : "");
  const where = titles.length === 1 ? names : `${counted(titles.length, "document")}: ${names}`;
  return `${counted(hits.length, "passage")} in ${where}`;
}

/** One more sentence, behind those that are there already. */
export function addSentence({ reply }, { text, citations }) {
  let shown = reply.querySelector(".answer p");
  if (!shown) {
    shown = element("p");
    // Read out when it is whole, and not sentence for sentence and then again.
    reply.setAttribute("aria-busy", "true");
    reply.replaceChildren(element("div", { class: "answer" }, shown));
  }
  const sentence = shown.querySelectorAll("[data-sentence]").length;
  shown.append(
    sentence ? " " : "",
    element("span", { "data-sentence": sentence }, text),
    ...citations.flatMap((citation) => [" ", markerOf(citation, sentence)]),
  );
}

/** The whole answer, in place of what came of it before. `choose` is called with a question that is chosen. */
export function showAnswer({ reply, proof }, answer, choose) {
  const refused = answer.status === "refused";
  const blocks = layOut(answer).map((block) => drawn(block, answer));
  const body = element("div", { class: refused ? "refusal" : "answer" }, blocks);
  if (refused) body.append(...suggested(answer.suggestions, choose));
  const { buttons, said } = feedbackOn(answer);
  const focused = reply.contains(document.activeElement) ? document.activeElement.textContent : null;
  reply.replaceChildren(body);
  reply.removeAttribute("aria-busy");
  // Whoever was on a marker stays on it.
  if (focused) [...reply.querySelectorAll(".marker")].find(({ textContent }) => textContent === focused)?.focus();
  proof.replaceChildren(
    factsOf(answer, refused ? null : body, buttons), said,
    ...(refused ? relatedTo(answer) : sourcesOf(answer)),
  );
}

/** A question to choose. */
export function choiceOf(text, choose) {
  return button(text, () => choose(text), { class: "choice" });
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
function factsOf(answer, copied, verdicts) {
  const facts = [];
  if (copied) facts.push(`confidence ${answer.confidence.toFixed(2)}`);
  facts.push(`took ${timeOf(answer.timings_ms.total)}`);
  if (answer.standalone_question && answer.standalone_question !== answer.question) {
    facts.push(`understood as “${answer.standalone_question}”`);
  }
  const copy = copied ? button("Copy", (node) => copyText(answer.text, copied, node), { class: "quiet" }) : null;
  return element("div", { class: "facts" }, element("span", {}, facts.join(" · ")), copy, verdicts);
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

function suggested(suggestions, choose) {
  if (!suggestions.length) return [];
  const choices = suggestions.map((text) => choiceOf(text, choose));
  return [element("h3", {}, "The documents do answer"), element("div", { class: "choices" }, choices)];
}

function relatedTo({ related }) {
  if (!related.length) return [];
  const passages = related.map((passage) =>
    element("li", {}, originOf(passage.document), quoteButton(passage, passage.text)));
  return [element("h3", {}, "Related passages, not proof"), element("ul", { class: "sources" }, passages)];
}

function openPlace(place, from) {
  history.replaceState(null, "", fragmentOf(place));
  openDocument(place, from);
}
