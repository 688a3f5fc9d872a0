/** Renders blocks as text and elements. No text becomes markup, and only web addresses become links. */

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.flat().filter((child) => child !== null));
  return node;
}

export function button(label, action, attributes = {}) {
  const node = element("button", { type: "button", ...attributes }, label);
  node.addEventListener("click", action);
  return node;
}

/** Text in Slack's notation: escapes are decoded, references become names, marks stay as typed. */
export function plain(text, names) {
  return text
    .replace(/<@(\w+)(?:\|[^>]*)?>/g, (_, id) => `@${names.get(id) ?? id}`)
    .replace(/<#(\w+)(?:\|([^>]*))?>/g, (_, id, label) => `#${label || (names.get(id) ?? id)}`)
    .replace(/<!(\w+)[^>]*>/g, "@$1")
    .replace(/<([^>|]+)\|([^>]*)>/g, "$2")
    .replace(/<([^>]+)>/g, "$1")
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Markdown shown as its text, without the backslashes that escape punctuation. */
export function markdown(text, names) {
  return element("p", {}, plain(text.replace(/\\([^\w\s])/g, "$1"), names));
}

/** The nodes of blocks; `press(block, element, value)` is called for a button. */
export function render(blocks, names, press) {
  return blocks.map((block) => {
    const nodes = RENDER[block.type]?.(block, names, press) ?? [`(${block.type})`];
    return element("div", { class: `block ${block.type}` }, ...nodes);
  });
}

const RENDER = {
  section: (block, names) => [element("p", {}, textOf(block.text, names))],
  header: (block) => [element("h3", {}, block.text.text)],
  divider: () => [element("hr")],
  context: (block, names) => block.elements.map((part) => element("span", {}, textOf(part, names))),
  markdown: (block, names) => [markdown(block.text, names)],
  actions: (block, _, press) => block.elements.map((part) => pressable(block, part, press)),
  context_actions: (block, _, press) => block.elements.flatMap((part) => {
    if (part.type !== "feedback_buttons") return [pressable(block, part, press)];
    return [part.positive_button, part.negative_button].map(({ text, value }) =>
      button(text.text, () => press(block, part, value)));
  }),
  rich_text: (block) => block.elements.map(rich),
};

function textOf(text, names) {
  return text.type === "mrkdwn" ? plain(text.text, names) : text.text;
}

function pressable(block, part, press) {
  if (part.text === undefined) return `(${part.type})`;
  const attributes = part.style ? { class: part.style } : {};
  return button(part.text.text, () => press(block, part, null), attributes);
}

const RICH = { rich_text_quote: "blockquote", rich_text_preformatted: "pre" };
const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

function rich(part) {
  if (part.type === "rich_text_list") {
    const items = part.elements.map((item) => element("li", {}, ...item.elements.map(inline)));
    return element(part.style === "ordered" ? "ol" : "ul", {}, ...items);
  }
  return element(RICH[part.type] ?? "p", {}, ...part.elements.map(inline));
}

function inline(part) {
  let node = document.createTextNode(part.text ?? part.url ?? `(${part.type})`);
  if (part.type === "link" && /^https?:\/\//i.test(part.url)) {
    node = element("a", { href: part.url, target: "_blank", rel: "noopener noreferrer" }, node);
  }
  for (const [name, tag] of Object.entries(STYLES)) {
    if (part.style?.[name]) node = element(tag, {}, node);
  }
  return node;
}
