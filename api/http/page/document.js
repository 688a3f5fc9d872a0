/**
 * The panel next to the conversation: one document, or the list of all documents. It knows nothing about
 * questions and answers, only places: {document, sha256?, start?, end?}.
 */
import { hideOriginal, offerOriginal } from "./original.js";
import { Problem, request } from "./service.js";
import { counted, element, fragmentOf, unitOffsets, visible } from "./text.js";

const byId = (id) => document.getElementById(id);
const panel = byId("panel");
const body = byId("panel-body");

let opener = null; // the element that gets the focus back
let loading = null; // the AbortController of the current request
let shown = null; // the document in the panel

/** Opens a document with the place highlighted. `from` gets the focus back when the panel closes. */
export async function openDocument(place, from = document.activeElement) {
  reveal(from);
  const loaded = await load(place);
  if (!loaded) return;
  highlight(loaded, place);
  offerOriginal(loaded, place.start);
}

/** Opens the list of all documents. */
export async function openList(from = document.activeElement) {
  reveal(from);
  hideOriginal();
  describe("Documents");
  await fill(async (signal) => {
    const [{ documents }, { files }] = await Promise.all([
      request("/v1/documents", { signal }),
      request("/v1/index?files=true", { signal }),
    ]);
    body.replaceChildren(
      documents.length
        ? element("ul", { class: "listing" }, documents.map(listItem))
        : element("p", { class: "muted" }, "There are no documents yet."),
      ...leftOut(files),
    );
    body.scrollTop = 0;
  });
}

export function closePanel() {
  loading?.abort();
  shown = null;
  hideOriginal();
  panel.hidden = true;
  document.body.classList.remove("reading");
  release();
  history.replaceState(null, "", location.pathname);
  const target = opener?.isConnected && opener !== document.body ? opener : byId("question");
  opener = null;
  target.focus();
}

export function panelIsOpen() {
  return !panel.hidden;
}

function reveal(from) {
  // A document that was opened from the list in the panel keeps the opener of the panel.
  if (!panel.contains(from)) {
    release();
    opener = from;
    if (opener !== document.body) opener?.setAttribute("aria-current", "true");
  }
  panel.hidden = false;
  document.body.classList.add("reading");
  // The conversation is narrower now, so the clicked element may have moved out of view.
  opener?.scrollIntoView({ block: "nearest" });
  body.focus({ preventScroll: true });
}

function release() {
  opener?.removeAttribute("aria-current");
}

function describe(title, path = "", note = "") {
  byId("panel-title").textContent = visible(title);
  byId("panel-path").textContent = visible(path);
  byId("panel-note").textContent = note;
  byId("panel-note").hidden = !note;
}

/** Runs `work`, cancelling the previous one, and shows its error in the panel. */
async function fill(work) {
  loading?.abort();
  loading = new AbortController();
  shown = null;
  body.setAttribute("aria-busy", "true");
  body.replaceChildren(element("p", { class: "muted" }, "Opening"));
  try {
    await work(loading.signal);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Problem)) throw error;
    body.replaceChildren(element("div", { class: "error", role: "alert" }, error.toElements()));
  }
  body.removeAttribute("aria-busy");
}

/** Loads a document unless the panel shows it already. Returns null if another one was opened meanwhile. */
async function load({ document: path, sha256 }) {
  if (shown && shown.path === path && (shown.sha256 === sha256 || (!sha256 && shown.current))) return shown;
  describe(path.split("/").at(-1), path);
  const address = path.split("/").map(encodeURIComponent).join("/");
  const version = sha256 ? `?${new URLSearchParams({ sha256 })}` : "";
  await fill(async (signal) => {
    const loaded = await request(`/v1/documents/${address}${version}`, { signal });
    describe(loaded.title || path, path, loaded.current ? "" : "This is not the current version of the document.");
    body.replaceChildren(element("div", { class: "document" }, render(loaded)));
    shown = loaded;
  });
  return shown;
}

/** Renders the text as block elements whose textContent is the visible text. */
function render({ text, blocks }) {
  const at = unitOffsets(text);
  const nodes = [];
  let done = 0;
  let last = null;
  for (const block of blocks) {
    const start = Math.max(at(block.start), done);
    const end = at(block.end);
    if (end <= start) continue;
    const { tail, between, lead } = cutGap(text.slice(done, start), last);
    last?.append(tail);
    nodes.push(...unclaimed(between));
    last = element("div", attributesOf(block, lead), lead ? element("span", { class: "lead" }, lead) : null,
      cellsOf({ ...block, start, end }, text, at));
    nodes.push(last);
    done = end;
  }
  return [...nodes, ...unclaimed(text.slice(done))];
}

/** Splits the text between two blocks: the rest of the first line, lines between, the start of the next line. */
function cutGap(gap, last) {
  const first = gap.indexOf("\n");
  if (first < 0) return last ? { tail: gap, between: "", lead: "" } : { tail: "", between: "", lead: gap };
  const end = gap.lastIndexOf("\n") + 1;
  return { tail: gap.slice(0, first), between: gap.slice(first, end), lead: gap.slice(end) };
}

/** Renders text that belongs to no block: places in the file as their names, structure not at all. */
function unclaimed(text) {
  return text.split(/^(<!-- .* -->|<\/?details>)$/m).flatMap((part, at) => {
    if (at % 2 === 0) return plain(part);
    const [, place = ""] = /^<!-- (.*) -->$/.exec(part) ?? [];
    const hidden = element("span", { class: "space" }, part); // offsets count its characters
    return element("span", { class: "place", "data-place": visible(place) }, hidden);
  });
}

/** Renders text between marks. It is visible unless it is only whitespace. */
function plain(text) {
  const core = text.trim();
  const start = text.indexOf(core);
  return [
    element("span", { class: "space" }, text.slice(0, start)),
    core ? element("div", { class: "block is-paragraph" }, core) : null,
    element("span", { class: "space" }, text.slice(start + core.length)),
  ].filter((node) => node?.textContent);
}

/** Renders the text of a block. Scraped rows have no space between cells, so each cell is an element. */
function cellsOf({ start, end, cells = [] }, text, at) {
  const nodes = [];
  let done = start;
  for (const [from, to] of cells.map((cell) => cell.map(at))) {
    if (from < done) continue;
    nodes.push(text.slice(done, from), element("span", { class: "cell" }, text.slice(from, to)));
    done = to;
  }
  return [...nodes, text.slice(done, end)];
}

function attributesOf({ kind, level }, lead) {
  const deep = Math.min(level || (kind === "heading" ? 2 : 1), 6);
  const name = `block is-${kind} level-${deep}`;
  // The title of the panel has level 2, so the headings of the document start at 3.
  if (kind === "heading" || kind === "question") {
    return { class: name, role: "heading", "aria-level": Math.min(deep + 2, 6) };
  }
  // An item that starts with its own bullet or number gets no bullet from the page.
  return { class: kind === "item" && !lead.trim() ? `${name} bare` : name };
}

/** Highlights [start, end) of the text and scrolls to it; without a place, scrolls to the top. */
function highlight({ text }, { start, end }) {
  unmark();
  const at = unitOffsets(text);
  const marks = start < end ? mark(at(start), at(end)) : [];
  if (marks.length) marks[0].scrollIntoView({ block: "start" });
  else body.scrollTop = 0;
}

function mark(start, end) {
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  const ranges = [];
  for (let offset = 0; walker.nextNode() && offset < end; offset += walker.currentNode.length) {
    const node = walker.currentNode;
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, node.length);
    if (from < to && node.data.slice(from, to).trim()) ranges.push([node, from, to]);
  }
  return ranges.map(([node, from, to]) => {
    const range = new Range();
    range.setStart(node, from);
    range.setEnd(node, to);
    const marked = element("mark");
    range.surroundContents(marked);
    return marked;
  });
}

function unmark() {
  for (const marked of body.querySelectorAll("mark")) marked.replaceWith(...marked.childNodes);
  body.normalize();
}

/** The files that are not in the index, and those that are in it in part, each with the reason. */
function leftOut(files) {
  const absent = files.filter(({ outcome }) => outcome !== "read");
  const partial = files.filter(({ outcome, notes }) => outcome === "read" && notes.length);
  return [
    ...reasonsOf(`Left out: ${counted(absent.length, "file")}`, "left-out", absent, ({ reason }) => reason),
    ...reasonsOf(`Read in part: ${counted(partial.length, "file")}`, "in-part", partial, ({ notes }) => notes.join("; ")),
  ];
}

function reasonsOf(heading, id, files, describeFile) {
  if (!files.length) return [];
  const items = files.map((file) => element("li", {}, element("p", {}, `${file.path}: ${describeFile(file)}`)));
  return [element("h3", {}, heading), element("ul", { class: "listing", id }, items)];
}

function listItem({ path, title, sha256, characters, passages, boilerplate, date }) {
  const facts = [...(date ? [date] : []), counted(characters, "character"), counted(passages, "passage")];
  if (boilerplate) facts.push(`boilerplate ${boilerplate.toLocaleString("en")}`);
  return element("li", {},
    element("a", { href: fragmentOf({ document: path, sha256 }) }, title || path),
    element("p", { class: "path" }, path),
    element("p", { class: "muted" }, facts.join(" · ")));
}
