/**
 * A parser of server-sent events. The chunks of a stream may end anywhere: inside a character, inside a
 * line, or between "\r" and "\n".
 */

/** Yields the events of a byte stream as {event, data}, each as soon as it is complete. */
export async function* eventsOf(bytes) {
  const reader = bytes.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      yield* parser.parse(decoder.decode(chunk.value, { stream: true }));
    }
    // An event without an empty line after it is incomplete and is dropped.
  } finally {
    // Tells the server to stop if the caller left the loop early.
    reader.cancel().catch(() => null);
  }
}

class EventParser {
  #rest = ""; // an incomplete line
  #endedInReturn = false; // whether the last text ended in a carriage return
  #event = "";
  #data = [];

  /** Yields the events that this text completes. */
  *parse(text) {
    for (const line of this.#lines(text)) {
      if (line) this.#addField(line);
      else yield* this.#dispatch();
    }
  }

  #lines(text) {
    if (!text) return [];
    // This line feed belongs to the carriage return at the end of the last text.
    const added = this.#endedInReturn && text.startsWith("\n") ? text.slice(1) : text;
    this.#endedInReturn = text.endsWith("\r");
    const lines = (this.#rest + added).split(/\r\n|\n|\r/);
    this.#rest = lines.pop();
    return lines;
  }

  #addField(line) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    // A line that starts with a colon is a comment: its field is empty.
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
  }

  *#dispatch() {
    if (this.#data.length) yield { event: this.#event || "message", data: this.#data.join("\n") };
    this.#event = "";
    this.#data = [];
  }
}
