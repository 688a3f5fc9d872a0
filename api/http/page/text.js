/**
 * Text: offsets, the layout of an answer, and elements that hold text. Text of documents, questions and
 * answers is data: it becomes text nodes, never markup.
 */

/**
 * Returns a function that converts the service's offsets (code points) to JavaScript's (UTF-16 units):
 * an emoji is one code point and two units.
 */
export function unitOffsets(text) {
  if (!/[\uD800-\uDFFF]/.test(text)) return (offset) => Math.min(offset, text.length);
  const units = [0];
  for (const point of text) units.push(units.at(-1) + point.length);
  return (offset) => units[Math.min(offset, units.length - 1)];
}

/** The text of a passage without the comments that say where in its file it stands. */
export function withoutPlaces({ document, text }) {
  return isTextFile(document) ? text : text.replace(/^<!-- .* -->\n*/gm, "");
}

/** Whether the text of a document is its file, and nothing was extracted. */
export function isTextFile(path) {
  return /\.(?:md|markdown|txt)$/i.test(path);
}

/**
 * Splits an answer into blocks of lines: [{kind: "paragraph" | "list" | "table" | "code", lines}]. A line is a list
 * of pieces, or in a table a list of cells, each a list of pieces. A piece is {text, sentence?} or
 * {marker, sentence}. A sentence of several lines is code.
 */
export function layOut(answer) {
  const blocks = [];
  let previous = null;
  for (const line of split(piecesOf(answer), /\r?\n/)) {
    const kind = kindOf(line);
    if (kind && kind === previous) blocks.at(-1).lines.push(line);
    else if (kind) blocks.push({ kind, lines: [line] });
    previous = kind;
  }
  return blocks.map(splitLines);
}

function piecesOf({ text, sentences, citations }) {
  const at = unitOffsets(text);
  const known = new Set(citations.map(({ number }) => number));
  const pieces = [];
  let done = 0;
  // Markers are between sentences only: a "[1]" inside a sentence is a footnote of the document.
  const addBetween = (between, sentence) => {
    for (const part of between.split(/(\[\d+\])/)) {
      const marker = /^\[\d+\]$/.test(part) ? Number(part.slice(1, -1)) : null;
      if (known.has(marker)) pieces.push({ marker, sentence });
      else if (part) pieces.push({ text: part });
    }
  };
  sentences.forEach(({ start, end }, sentence) => {
    addBetween(text.slice(done, at(start)), sentence - 1);
    const own = text.slice(at(start), at(end));
    pieces.push({ text: own, sentence, code: own.includes("\n") });
    done = at(end);
  });
  addBetween(text.slice(done), sentences.length - 1);
  return pieces;
}

/** Splits a list of pieces wherever their text matches. A sentence may span several parts. */
function split(pieces, pattern) {
  const runs = [[]];
  for (const piece of pieces) {
    if (piece.marker) {
      runs.at(-1).push(piece);
      continue;
    }
    piece.text.split(pattern).forEach((text, part) => {
      if (part > 0) runs.push([]);
      if (text) runs.at(-1).push({ ...piece, text });
    });
  }
  return runs;
}

const wordsOf = (pieces) => pieces.map(({ text }) => text ?? "").join("");

function kindOf(line) {
  const words = wordsOf(line).trim();
  if (!words && !line.some(({ marker }) => marker)) return null;
  if (line.some(({ code }) => code)) return "code";
  if (/^\s*- /.test(line[0].text ?? "")) return "list";
  return cellsOf(line).length > 1 ? "table" : "paragraph";
}

function splitLines({ kind, lines }) {
  if (kind === "list") return { kind, lines: lines.map(withoutDash) };
  if (kind === "paragraph" || kind === "code") return { kind, lines };
  const rows = lines.map(cellsOf).filter((row) => !row.every((cell) => /^:?-+:?$/.test(wordsOf(cell).trim())));
  const even = rows.length > 1 && rows.every((row) => row.length === rows[0].length);
  // A single line with a bar, or rows of different lengths, are not a table.
  return even ? { kind, lines: rows } : { kind: "paragraph", lines };
}

function withoutDash(line) {
  // The dash is either a piece before the sentence or the start of the sentence's own piece.
  const [first, ...rest] = line;
  const text = first.text.replace(/^\s*- ?/, "");
  return text ? [{ ...first, text }, ...rest] : rest;
}

function cellsOf(line) {
  const cells = split(line, /\t|\s*\|\s*/);
  if (!cells[0].length) cells.shift();
  // After the closing bar of a row come only its markers: they belong to the last cell.
  if (cells.length > 1 && !wordsOf(cells.at(-1)).trim()) {
    const markers = cells.pop();
    cells.at(-1).push(...markers);
  }
  return cells;
}

/**
 * Replaces each character that changes the direction of writing: with them a quote could be shown as another
 * text. The length stays the same.
 */
export function visible(text) {
  return text.replace(/[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, "\uFFFD");
}

/** Creates an element. Children that are strings become visible text; null children are skipped. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, visible(String(value)));
  const shown = children.flat().filter((child) => child !== null);
  node.append(...shown.map((child) => (typeof child === "string" ? visible(child) : child)));
  return node;
}

/** Creates a button; `action` is called with the button when it is clicked. */
export function button(label, action, attributes = {}) {
  const node = element("button", { type: "button", ...attributes }, label);
  node.addEventListener("click", () => action(node));
  return node;
}

/** Returns the URL fragment that opens a passage. */
export function fragmentOf({ document, sha256, start, end }) {
  const fields = Object.entries({ document, sha256, start, end }).filter(([, value]) => value !== undefined);
  return `#${new URLSearchParams(fields)}`;
}

/** "1 document", "1,024 documents". */
export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
