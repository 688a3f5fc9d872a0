/** The blocks of messages and views. Whatever is not known is named, so that nothing is lost. */

import { button, element, link } from "./dom.js";
import { markdown } from "./markdown.js";
import { mrkdwn } from "./mrkdwn.js";

/**
 * The nodes of some blocks. `named` gives names of people and channels; `press` is told of a button:
 * its block, its action and its value.
 */
export function drawn(blocks, named, press) {
  return blocks.map((block) => {
    const draw = DRAWN[block.type];
    const inside = draw ? draw(block, { named, press }) : [`(a block of type ${block.type})`];
    return element("div", { class: `block ${block.type}` }, ...inside);
  });
}

const DRAWN = {
  section: (block, given) => [
    element(
      "div",
      { class: "words" },
      ...(block.text ? [element("p", {}, ...worded(block.text, given.named))] : []),
      ...(block.fields ? [element("div", { class: "fields" }, ...block.fields.map((field) => element("p", {}, ...worded(field, given.named))))] : []),
    ),
    block.accessory ? acting(block, block.accessory, given) : null,
  ],
  header: (block) => [element("h3", {}, block.text.text)],
  divider: () => [element("hr")],
  context: (block, given) =>
    block.elements.map((part) =>
      part.type === "image" ? element("span", {}, part.alt_text) : element("span", {}, ...worded(part, given.named)),
    ),
  markdown: (block) => markdown(block.text),
  image: (block) => [element("p", { class: "sub" }, `(a picture: ${block.alt_text})`)],
  actions: (block, given) => block.elements.map((part) => acting(block, part, given)),
  context_actions: (block, given) => block.elements.flatMap((part) => contextual(block, part, given)),
  rich_text: (block, given) => block.elements.map((part) => rich(part, given.named)),
};

function worded(text, named) {
  return text.type === "plain_text" ? [text.text] : mrkdwn(text.text, named);
}

function acting(block, part, { press }) {
  if (part.type !== "button") return element("span", {}, `(a ${part.type})`);
  const style = part.style ? { class: part.style } : {};
  if (part.url) {
    const node = link(part.url, part.text.text);
    node.classList.add("button");
    node.addEventListener("click", () => press(block.block_id, part.action_id, part.value ?? null, node));
    return node;
  }
  return button(part.text.text, (node) => press(block.block_id, part.action_id, part.value ?? null, node), style);
}

const THUMBS = { positive_button: "👍", negative_button: "👎" };

function contextual(block, part, { press }) {
  if (part.type === "feedback_buttons") {
    return Object.entries(THUMBS).map(([name, sign]) => {
      const { text, value } = part[name];
      const told = { class: "icon", title: text.text, "aria-label": text.text, "aria-pressed": "false", "data-value": value };
      return button(sign, (node) => press(block.block_id, part.action_id, value, node), told);
    });
  }
  const label = part.text?.text ?? part.type;
  const told = { class: "icon", title: label, "aria-label": label };
  return [button(part.icon === "trash" ? "🗑" : "•", (node) => press(block.block_id, part.action_id, part.value ?? null, node), told)];
}

// --- rich text ---------------------------------------------------------------------------------

function rich(part, named) {
  const inside = () => part.elements.map((each) => richPart(each, named));
  switch (part.type) {
    case "rich_text_section":
      return element("p", {}, ...inside());
    case "rich_text_quote":
      return element("blockquote", {}, ...inside());
    case "rich_text_preformatted":
      return element("pre", {}, ...inside());
    case "rich_text_list": {
      const tag = part.style === "ordered" ? "ol" : "ul";
      const items = part.elements.map((item) => element("li", {}, ...item.elements.map((each) => richPart(each, named))));
      const level = Math.min(part.indent ?? 0, 4);
      return element(tag, { class: `level-${level}`, start: tag === "ol" ? (part.offset ?? 0) + 1 : null }, ...items);
    }
    default:
      return element("p", {}, `(${part.type})`);
  }
}

const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

function richPart(part, named) {
  let node = richCore(part, named);
  for (const [name, tag] of Object.entries(STYLES)) {
    if (part.style?.[name]) node = element(tag, {}, node);
  }
  return node;
}

function richCore(part, named) {
  switch (part.type) {
    case "text":
      return document.createTextNode(part.text);
    case "link":
      return link(part.url, part.text ?? part.url);
    case "emoji":
      return document.createTextNode(emoji(part));
    case "user":
      return element("span", { class: "mention" }, `@${named.person(part.user_id)}`);
    case "channel":
      return element("span", { class: "mention" }, `#${named.channel(part.channel_id)}`);
    case "broadcast":
      return element("span", { class: "mention" }, `@${part.range}`);
    case "date":
      return document.createTextNode(part.fallback ?? new Date(part.timestamp * 1000).toLocaleString());
    default:
      return document.createTextNode(`(${part.type})`);
  }
}

function emoji(part) {
  if (!part.unicode) return `:${part.name}:`;
  return String.fromCodePoint(...part.unicode.split("-").map((code) => Number.parseInt(code, 16)));
}
