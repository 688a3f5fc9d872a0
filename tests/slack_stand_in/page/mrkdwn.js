/**
 * Slack's own notation, in which people and bots write: *bold*, _italic_, ~struck~, `code`, > quotes,
 * and <references>. What is drawn is text and elements, never markup.
 */

import { element, link } from "./dom.js";

const FENCE = /```\n?([\s\S]*?)```/;
const REFERENCE = /<([^<>\n]+)>/;
const STYLES = [
  [/(?<![\p{L}\p{N}`])`([^`\n]+)`(?![\p{L}\p{N}])/u, "code"],
  [/(?<![\p{L}\p{N}*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\p{L}\p{N}*])/u, "strong"],
  [/(?<![\p{L}\p{N}_])_([^\s_](?:[^_\n]*[^\s_])?)_(?![\p{L}\p{N}_])/u, "em"],
  [/(?<![\p{L}\p{N}~])~([^\s~](?:[^~\n]*[^\s~])?)~(?![\p{L}\p{N}~])/u, "s"],
];

/** The nodes of a text in mrkdwn; `named` gives names of people and channels. */
export function mrkdwn(text, named) {
  const fence = FENCE.exec(text);
  if (fence) {
    const before = text.slice(0, fence.index);
    const after = text.slice(fence.index + fence[0].length);
    const code = element("pre", {}, plain(fence[1].replace(/\n$/, "")));
    return [...mrkdwn(before, named), code, ...mrkdwn(after.replace(/^\n/, ""), named)];
  }
  return quotes(text, named);
}

/** The text with Slack's three escapes undone. */
export function plain(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function quotes(text, named) {
  const nodes = [];
  let lines = [];
  let quoted = false;
  const close = () => {
    if (!lines.length) return;
    const inside = inline(lines.join("\n"), named);
    if (quoted) nodes.push(element("blockquote", {}, ...inside));
    else nodes.push(...inside);
    lines = [];
  };
  for (const line of text.split("\n")) {
    const mark = /^(?:&gt;|>) ?/.exec(line);
    if (Boolean(mark) !== quoted) close();
    quoted = Boolean(mark);
    lines.push(mark ? line.slice(mark[0].length) : line);
  }
  close();
  return nodes;
}

function inline(text, named) {
  const reference = REFERENCE.exec(text);
  const code = STYLES[0][0].exec(text);
  if (reference && !(code && code.index < reference.index)) {
    const before = text.slice(0, reference.index);
    const after = text.slice(reference.index + reference[0].length);
    return [...inline(before, named), referred(reference[1], named), ...inline(after, named)];
  }
  const found = STYLES.map(([pattern, tag]) => ({ match: pattern.exec(text), tag }))
    .filter(({ match }) => match)
    .sort((one, other) => one.match.index - other.match.index)[0];
  if (!found) return text ? [plain(text)] : [];
  const { match, tag } = found;
  const inside = tag === "code" ? [plain(match[1])] : inline(match[1], named);
  return [
    ...inline(text.slice(0, match.index), named),
    element(tag, {}, ...inside),
    ...inline(text.slice(match.index + match[0].length), named),
  ];
}

function referred(reference, named) {
  const bar = reference.indexOf("|");
  const target = bar < 0 ? reference : reference.slice(0, bar);
  const label = bar < 0 ? "" : plain(reference.slice(bar + 1));
  if (target.startsWith("@")) return element("span", { class: "mention" }, `@${named.person(target.slice(1))}`);
  if (target.startsWith("#")) return element("span", { class: "mention" }, `#${label || named.channel(target.slice(1))}`);
  if (target.startsWith("!")) return element("span", { class: "mention" }, `@${label || target.slice(1)}`);
  return link(plain(target), label || plain(target));
}
