/** Elements: made, told apart, and put in order without losing what has the focus. */

/** An element; strings among the children become text, absent children (null) are left out. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null));
  return node;
}

export function button(label, action, attributes = {}) {
  const node = element("button", { type: "button", ...attributes }, label);
  node.addEventListener("click", () => action(node));
  return node;
}

/** A link that leads out of here; what is no address of the web stays text. */
export function link(url, ...children) {
  const known = /^(https?:\/\/|mailto:)/i.test(url);
  if (!known) return element("span", {}, ...children);
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Makes these nodes the children; one that stands where it should is not touched. */
export function arrange(parent, nodes) {
  const staying = new Set(nodes);
  for (const child of [...parent.childNodes]) {
    if (!staying.has(child)) child.remove();
  }
  nodes.forEach((node, place) => {
    if (parent.childNodes[place] !== node) parent.insertBefore(node, parent.childNodes[place] ?? null);
  });
}

/** Keeps the nodes that were made, and makes one anew only where what it shows has changed. */
export class Kept {
  #nodes = new Map();

  /** A node for each thing; `key` tells things apart, `make` draws one. */
  nodes(things, key, make) {
    const kept = new Map();
    const nodes = things.map((thing) => {
      const name = key(thing);
      const shown = JSON.stringify(thing);
      const before = this.#nodes.get(name);
      const now = before?.shown === shown ? before : { shown, node: make(thing) };
      kept.set(name, now);
      return now.node;
    });
    this.#nodes = kept;
    return nodes;
  }
}

/** A time of day as the reader's clock shows it. */
export function clock(ts) {
  return new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
