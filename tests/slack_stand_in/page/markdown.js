/**
 * The Markdown of markdown blocks and of streams, as far as a chat shows it: paragraphs, headings,
 * lists, quotes, code, and what stands inside a line.
 */

import { element, link } from "./dom.js";
import { plain } from "./mrkdwn.js";

const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;

/** The nodes of a text in Markdown. */
export function markdown(text) {
  const nodes = [];
  const lines = text.split("\n");
  while (lines.length) nodes.push(...taken(lines));
  return nodes;
}

/** The nodes of what stands first; its lines are taken away. */
function taken(lines) {
  const line = lines.shift();
  if (!line.trim()) return [];
  const fence = /^\s*(```|~~~)/.exec(line);
  if (fence) {
    const code = takenWhile(lines, (next) => !next.trim().startsWith(fence[1]));
    lines.shift();
    return [element("pre", {}, plain(code.join("\n")))];
  }
  const heading = /^(#{1,6})\s+(.*)$/.exec(line);
  if (heading) return [element("p", { class: "heading" }, ...inline(heading[2]))];
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) return [element("hr")];
  if (/^(>|&gt;)/.test(line)) {
    const quoted = [line, ...takenWhile(lines, (next) => /^(>|&gt;)/.test(next))];
    const inside = quoted.map((each) => each.replace(/^(>|&gt;) ?/, ""));
    return [element("blockquote", {}, ...markdown(inside.join("\n")))];
  }
  if (ITEM.test(line)) {
    const items = [line, ...takenWhile(lines, (next) => ITEM.test(next))].map((each) => ITEM.exec(each));
    const tag = /\d/.test(items[0][2]) ? "ol" : "ul";
    return [element(tag, {}, ...items.map((item) => element("li", {}, ...inline(item[3]))))];
  }
  const more = takenWhile(lines, (next) => next.trim() && !/^(#{1,6}\s|>|&gt;|```|~~~)/.test(next) && !ITEM.test(next));
  return [element("p", {}, ...inline([line, ...more].join("\n")))];
}

function takenWhile(lines, holds) {
  const found = lines.findIndex((line) => !holds(line));
  return lines.splice(0, found < 0 ? lines.length : found);
}

const INSIDE = [
  [/\\([\\`*_~[\]()|!#>+.-])/, (match) => match[1]],
  [/(`+)(.+?)\1/, (match) => element("code", {}, plain(match[2].trim()))],
  [/\[((?:\\.|[^\]\\\n])+)\]\((\S+?)\)/, (match) => link(plain(match[2]), ...inline(match[1]))],
  [/\*\*(?=\S)([\s\S]*?\S)\*\*/, (match) => element("strong", {}, ...inline(match[1]))],
  [/~~(?=\S)([\s\S]*?\S)~~/, (match) => element("s", {}, ...inline(match[1]))],
  [/(?<![\p{L}\p{N}])([*_])(?=\S)((?:\\.|(?!\1)[^\\])*\S)\1(?![\p{L}\p{N}])/u, (match) => element("em", {}, ...inline(match[2]))],
];

function inline(text) {
  const found = INSIDE.map(([pattern, make]) => ({ match: pattern.exec(text), make }))
    .filter(({ match }) => match)
    .sort((one, other) => one.match.index - other.match.index)[0];
  if (!found) return text ? [plain(text)] : [];
  const { match, make } = found;
  const after = text.slice(match.index + match[0].length);
  return [...inline(text.slice(0, match.index)), make(match), ...inline(after)];
}
