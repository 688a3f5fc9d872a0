/**
 * What the page knows about text: offsets, the layout of an answer, and elements that hold text. Text of
 * documents, questions and answers is data: it becomes text nodes, never markup.
 */

/**
 * The function from offsets as the service counts them (code points) to offsets as JavaScript counts
 * them (UTF-16 units): an emoji is one there and two here.
 */
export function unitOffsets(text) {
  if (!/[\uD800-\uDFFF]/.test(text)) return (offset) => Math.min(offset, text.length);
  const units = [0];
  for (const point of text) units.push(units.at(-1) + point.length);
  return (offset) => units[Math.min(offset, units.length - 1)];
}

/**
 * An answer as blocks of lines: [{kind: "paragraph" | "list" | "table", lines}]. A line is a list of
 * pieces, in a table a list of cells of pieces. A piece is {text, sentence?} or {marker, sentence}.
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
  return blocks.map(withParts);
}

function piecesOf({ text, sentences, citations }) {
  const at = unitOffsets(text);
  const known = new Set(citations.map(({ number }) => number));
  const pieces = [];
  let done = 0;
  // Only what stands between sentences can be a marker: a "[1]" inside one is the document's own footnote.
  const addBetween = (between, sentence) => {
    for (const part of between.split(/(\[\d+\])/)) {
      const marker = /^\[\d+\]$/.test(part) ? Number(part.slice(1, -1)) : null;
      if (known.has(marker)) pieces.push({ marker, sentence });
      else if (part) pieces.push({ text: part });
    }
  };
  sentences.forEach(({ start, end }, sentence) => {
    addBetween(text.slice(done, at(start)), sentence - 1);
    pieces.push({ text: text.slice(at(start), at(end)), sentence });
    done = at(end);
  });
  addBetween(text.slice(done), sentences.length - 1);
  return pieces;
}

/** Cut a run of pieces wherever their text matches, so that a sentence may span lines and cells. */
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
  if (/^\s*- /.test(line[0].text ?? "")) return "list";
  return cellsOf(line).length > 1 ? "table" : "paragraph";
}

function withParts({ kind, lines }) {
  if (kind === "list") return { kind, lines: lines.map(withoutDash) };
  if (kind === "paragraph") return { kind, lines };
  const rows = lines.map(cellsOf).filter((row) => !row.every((cell) => /^:?-+:?$/.test(wordsOf(cell).trim())));
  const even = rows.length > 1 && rows.every((row) => row.length === rows[0].length);
  // One line with a bar in it, or rows of different lengths, read better as they stand.
  return even ? { kind, lines: rows } : { kind: "paragraph", lines };
}

function withoutDash(line) {
  // The dash may stand before the sentence as a piece of its own, or begin the sentence's piece.
  const [first, ...rest] = line;
  const text = first.text.replace(/^\s*- ?/, "");
  return text ? [{ ...first, text }, ...rest] : rest;
}

function cellsOf(line) {
  const cells = split(line, /\t|\s*\|\s*/);
  if (!cells[0].length) cells.shift();
  // Behind the closing bar of a row there is nothing, or its markers: they belong to the last cell.
  if (cells.length > 1 && !wordsOf(cells.at(-1)).trim()) {
    const markers = cells.pop();
    cells.at(-1).push(...markers);
  }
  return cells;
}

/** An element; strings among the children become text, absent children (null) are left out. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.flat().filter((child) => child !== null));
  return node;
}

export function button(label, action, attributes = {}) {
  const node = element("button", { type: "button", ...attributes }, label);
  node.addEventListener("click", () => action(node));
  return node;
}

/** The place of a passage as the fragment that opens it. */
export function fragmentOf({ document, sha256, start, end }) {
  const given = Object.entries({ document, sha256, start, end }).filter(([, value]) => value !== undefined);
  return `#${new URLSearchParams(given)}`;
}

export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
