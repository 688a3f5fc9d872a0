/**
 * The original of the document in the panel: a PDF is shown at the page of the place, anything else is
 * downloaded. It is fetched with the key, and shown from memory.
 */
import { fileOf } from "./service.js";
import { button, element, isTextFile, unitOffsets } from "./text.js";

const box = document.getElementById("panel-original");

let address = null; // of the file in memory

/** Offers the original of a document, at the place that starts at `start`. */
export function offerOriginal({ path, text }, start = 0) {
  hideOriginal();
  if (isTextFile(path)) return;
  const page = path.toLowerCase().endsWith(".pdf") ? pageAt(text, start) : "";
  const label = page ? `Show the original at page ${page}` : "Open the original";
  box.append(button(label, (node) => open(path, page, node), { class: "quiet" }));
}

/** Removes the original and the button for it. */
export function hideOriginal() {
  if (address) URL.revokeObjectURL(address);
  address = null;
  box.replaceChildren();
}

async function open(path, page, node) {
  node.disabled = true;
  try {
    const { blob, name } = await fileOf(`/v1/originals/${path.split("/").map(encodeURIComponent).join("/")}`);
    if (!node.isConnected) return; // another document was opened meanwhile
    address = URL.createObjectURL(blob);
    if (blob.type === "application/pdf") {
      box.append(element("iframe", { src: `${address}#page=${page || 1}`, title: `The original: ${name}` }));
      node.remove();
      // There is less room for the text now.
      document.querySelector("#panel-body mark")?.scrollIntoView({ block: "start" });
    } else {
      element("a", { href: address, download: name }).click();
      node.disabled = false;
    }
  } catch (error) {
    node.replaceWith(element("span", { class: "note", role: "alert" }, error.message, " ", error.detail));
  }
}

/** The number of the page that an offset is on, "" if the text has no pages. */
function pageAt(text, start) {
  const before = text.slice(0, unitOffsets(text)(start));
  return [...before.matchAll(/^<!-- page (\d+) -->$/gm)].at(-1)?.[1] ?? "";
}
