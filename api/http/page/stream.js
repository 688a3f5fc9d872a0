/**
 * Server-sent events as they come over a connection. Its pieces may end anywhere: inside a character,
 * inside a line, between the two signs of a line's end.
 */

/** The events of a stream of bytes as {event, data}, each as soon as it is whole. */
export async function* eventsOf(bytes) {
  const reader = bytes.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      yield* parser.read(decoder.decode(piece.value, { stream: true }));
    }
    // What has no empty line behind it is not whole, and left out.
  } finally {
    // Whoever listens no more need not be sent any more.
    reader.cancel().catch(() => null);
  }
}

class EventParser {
  #rest = ""; // a line that is not whole yet
  #returned = false; // whether the text until now ended in a carriage return
  #event = "";
  #data = [];

  /** The events that are whole with this text. */
  *read(text) {
    for (const line of this.#lines(text)) {
      if (line) this.#take(line);
      else yield* this.#dispatch();
    }
  }

  #lines(text) {
    if (!text) return [];
    // This line feed belongs to the carriage return before it.
    const fresh = this.#returned && text.startsWith("\n") ? text.slice(1) : text;
    this.#returned = text.endsWith("\r");
    const lines = (this.#rest + fresh).split(/\r\n|\n|\r/);
    this.#rest = lines.pop();
    return lines;
  }

  #take(line) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    // A line that begins with a colon is a comment: it has no field.
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
  }

  *#dispatch() {
    if (this.#data.length) yield { event: this.#event || "message", data: this.#data.join("\n") };
    this.#event = "";
    this.#data = [];
  }
}
