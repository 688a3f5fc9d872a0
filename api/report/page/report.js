// Lists the questions, a page at a time, and filters them. All texts are set as text, never as HTML.
"use strict";

const PAGE = 50;
const questions = JSON.parse(document.querySelector("#data").textContent);
const list = document.querySelector("#list");
const more = document.querySelector("#more");
const kind = document.querySelector("#kind");
const search = document.querySelector("#search");
const buttons = [...document.querySelectorAll("[data-filter]")];
const state = { filter: "all", found: questions, shown: 0 };

// An element with a class and children: nodes, texts, or nothing.
function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

// A piece of a document with its spans marked, without blank lines.
function excerpt(piece) {
  const parts = piece.parts.flatMap(([text, label]) => {
    const shown = text.replace(/\n\s*\n/g, "\n");
    return label ? [make("mark", "", shown), make("sup", "", label)] : [shown];
  });
  return [make("p", "place", piece.document), make("blockquote", "excerpt", ...parts)];
}

// Where the answer cites: a line for each section, with the numbers of its citations.
function sections(citations) {
  const numbers = new Map();
  for (const each of [...citations].sort((a, b) => a.number - b.number)) {
    const where = { true: " · on the gold passage", false: " · elsewhere" }[String(each.on_span)] ?? "";
    const line = `${each.heading}${where}`;
    numbers.set(line, [...numbers.get(line) ?? [], `[${each.number}]`]);
  }
  return [...numbers].map(([line, found]) => make("li", "place", `${found.join(" ")} ${line}`));
}

function given(question) {
  const standalone = question.standalone === question.question ? "" : question.standalone;
  return make("div", "",
    make("h4", "", "Answer"),
    ...question.history.map((turn) => make("p", "text turn", `${turn.role}: ${turn.text}`)),
    standalone && make("p", "place", `asked as: ${standalone}`),
    make("p", "text", question.answer),
    make("ul", "", ...sections(question.citations)),
    ...question.cited_in.flatMap(excerpt));
}

function gold(question) {
  return make("div", "",
    make("h4", "", "Gold"),
    ...question.gold.map((text) => make("p", "text", text)),
    question.gold.length || question.gold_in.length ? "" : make("p", "text", "No answer is known."),
    ...question.gold_in.flatMap(excerpt));
}

function badge(question) {
  const isRefusal = question.verdict.includes("refused");
  return make("span", `badge ${question.good ? "good" : isRefusal ? "refused" : ""}`, question.verdict);
}

function item(question) {
  const facts = [question.id, question.kind, `confidence ${question.confidence.toFixed(2)}`];
  if (question.loss) facts.push(`lost by: ${question.loss}`);
  if (question.before) facts.push(`${question.direction}: it was ${question.before}`);
  const details = make("details", "", make("summary", "",
    make("h3", "", question.question),
    badge(question),
    make("span", "facts", facts.filter(Boolean).join(" · "))));
  details.addEventListener("toggle", () => {
    if (!details.querySelector(".body")) details.append(make("div", "body", given(question), gold(question)));
  }, { once: true });
  return make("li", "question", details);
}

// What a search looks at, in lower case; computed when it is first needed.
function words(question) {
  question.words ??= [
    question.id, question.question, question.answer, question.loss ?? "", ...question.gold,
    ...question.citations.flatMap((each) => [each.document, each.quote]),
    ...question.gold_in.map((piece) => piece.document),
  ].join("\n").toLowerCase();
  return question.words;
}

function isWanted(question, wanted) {
  return (state.filter === "all" || question.filters.includes(state.filter))
    && (!kind.value || (question.kind || "all") === kind.value)
    && wanted.every((word) => words(question).includes(word));
}

function showMore() {
  const next = state.found.slice(state.shown, state.shown + PAGE);
  list.append(...next.map(item));
  state.shown += next.length;
  more.hidden = state.shown >= state.found.length;
}

function update() {
  const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  state.found = questions.filter((question) => isWanted(question, wanted));
  state.shown = 0;
  list.replaceChildren();
  document.querySelector("#shown").textContent = `${state.found.length} of ${questions.length} questions`;
  showMore();
}

for (const button of buttons) {
  button.addEventListener("click", () => {
    state.filter = button.dataset.filter;
    for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    update();
  });
}
kind.addEventListener("change", update);
search.addEventListener("input", update);
more.addEventListener("click", showMore);
update();
