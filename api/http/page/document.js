/**
 * The panel beside the conversation: one document at a place, or the list of all documents.
 * It knows nothing of questions and answers, only of places {document, sha256?, start?, end?}.
 */
import { Problem, request } from "./service.js";
import { counted, element, fragmentOf, unitOffsets } from "./text.js";

const byId = (id) => document.getElementById(id);
const panel = byId("panel");
const body = byId("panel-body");

let opener = null;
let loading = null;
let shown = null;

/** Show a document, scrolled to the place and highlighted; `from` gets the focus back afterwards. */
export async function openDocument(place, from = document.activeElement) {
  reveal(from);
  const loaded = await load(place);
  if (!loaded) return;
  highlight(loaded, place);
}

/** Show the list of all documents, each a link that opens it. */
export async function openList(from = document.activeElement) {
  reveal(from);
  describe("Documents");
  await fill(async (signal) => {
    const { documents } = await request("/v1/documents", { signal });
    body.replaceChildren(
      documents.length
        ? element("ul", { class: "listing" }, documents.map(listed))
        : element("p", { class: "muted" }, "There are no documents yet."),
    );
    body.scrollTop = 0;
  });
}

export function closePanel() {
  loading?.abort();
  shown = null;
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
  // From inside the panel (a document chosen from the list) the way back stays the first one.
  if (!panel.contains(from)) {
    release();
    opener = from;
    if (opener !== document.body) opener?.setAttribute("aria-current", "true");
  }
  panel.hidden = false;
  document.body.classList.add("reading");
  // The conversation is narrower now, and what was clicked may have moved out of sight.
  opener?.scrollIntoView({ block: "nearest" });
  body.focus({ preventScroll: true });
}

function release() {
  opener?.removeAttribute("aria-current");
}

function describe(title, path = "", note = "") {
  byId("panel-title").textContent = title;
  byId("panel-path").textContent = path;
  byId("panel-note").textContent = note;
  byId("panel-note").hidden = !note;
}

/** Run one piece of loading at a time; the newest wins, and a failure is told in the panel. */
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

/** The document of a place, from the panel if it is there already; null if another was asked for since. */
async function load({ document: path, sha256 }) {
  if (shown && shown.path === path && (shown.sha256 === sha256 || (!sha256 && shown.current))) return shown;
  describe(path.split("/").at(-1), path);
  const address = path.split("/").map(encodeURIComponent).join("/");
  const version = sha256 ? `?${new URLSearchParams({ sha256 })}` : "";
  await fill(async (signal) => {
    const loaded = await request(`/v1/documents/${address}${version}`, { signal });
    describe(loaded.title || path, path, loaded.current ? "" : "This is not the current version of the document.");
    body.replaceChildren(element("div", { class: "document" }, paint(loaded)));
    shown = loaded;
  });
  return shown;
}

/** The whole text, character for character, as block elements: their textContent is the text. */
function paint({ text, blocks }) {
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
    nodes.push(...outside(between));
    last = element("div", looksOf(block, lead), lead ? element("span", { class: "lead" }, lead) : null,
      cellsOf({ ...block, start, end }, text, at));
    nodes.push(last);
    done = end;
  }
  return [...nodes, ...outside(text.slice(done))];
}

/** What stands between two blocks: the rest of the first one's line, lines between, the start of the next line. */
function cutGap(gap, last) {
  const first = gap.indexOf("\n");
  if (first < 0) return last ? { tail: gap, between: "", lead: "" } : { tail: "", between: "", lead: gap };
  const end = gap.lastIndexOf("\n") + 1;
  return { tail: gap.slice(0, first), between: gap.slice(first, end), lead: gap.slice(end) };
}

/** Text that no block claims: kept in the page, and shown if it is more than the space between blocks. */
function outside(text) {
  const core = text.trim();
  const start = text.indexOf(core);
  return [
    element("span", { class: "space" }, text.slice(0, start)),
    core ? element("div", { class: "block is-paragraph" }, core) : null,
    element("span", { class: "space" }, text.slice(start + core.length)),
  ].filter((node) => node?.textContent);
}

/** The text of a block. Scraped rows run their cells together, so each cell is an element to set apart. */
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

function looksOf({ kind, level }, lead) {
  const deep = Math.min(level || (kind === "heading" ? 2 : 1), 6);
  const look = `block is-${kind} level-${deep}`;
  // The panel's own title is a level 2, so the document's headings go below it.
  if (kind === "heading" || kind === "question") {
    return { class: look, role: "heading", "aria-level": Math.min(deep + 2, 6) };
  }
  // An item whose line starts with its own bullet or number needs none from us.
  return { class: kind === "item" && !lead.trim() ? `${look} bare` : look };
}

/** Mark [start, end) of the text and bring it into view; without a place, show the beginning. */
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

function listed({ path, title, sha256, characters, passages, boilerplate }) {
  const facts = [counted(characters, "character"), counted(passages, "passage")];
  if (boilerplate) facts.push(`boilerplate ${boilerplate.toLocaleString("en")}`);
  return element("li", {},
    element("a", { href: fragmentOf({ document: path, sha256 }) }, title || path),
    element("p", { class: "path" }, path),
    element("p", { class: "muted" }, facts.join(" · ")));
}
