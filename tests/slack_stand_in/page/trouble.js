/** The drawer in which things are made to go wrong, and in which it is seen what went to and fro. */

import { arrange, button, clock, counted, element } from "./dom.js";

const METHODS = [
  "*", "chat.postMessage", "chat.update", "chat.delete", "chat.postEphemeral", "chat.startStream",
  "chat.appendStream", "chat.stopStream", "conversations.replies", "views.publish", "users.info",
  "assistant.threads.setStatus", "assistant.threads.setSuggestedPrompts", "response_url",
];
const KINDS = {
  rate: "is told to slow down (429)",
  status: "fails without being done",
  lost: "is done, and its answer is lost",
  silent: "is never answered",
  slow: "is answered late",
  error: "is refused",
};

export class Trouble {
  #dialog;
  #act;
  #faults = element("ul", { class: "faults" });
  #log = element("ol", { class: "log" });
  #switches = new Map();

  /** `act` does something by the stand-in's interface, and tells where that fails. */
  constructor(dialog, act) {
    this.#dialog = dialog;
    this.#act = act;
    dialog.append(
      element(
        "header",
        { class: "head" },
        element("h2", { id: "trouble-title" }, "Trouble"),
        button("Close", () => dialog.close(), { title: "Close (Escape)" }),
      ),
      element("div", { class: "drawer" }, ...this.#faultForm(), ...this.#switchForm(), element("h3", {}, "To and fro"), this.#log),
    );
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  open() {
    this.#dialog.showModal();
  }

  show(state) {
    const faults = state.faults.map((fault) => {
      const often = fault.times === 0 ? "every call" : counted(fault.times, "call");
      return element("li", {}, `${fault.method === "*" ? "any method" : fault.method}: ${KINDS[fault.kind]}, ${often}`);
    });
    const clear = state.faults.length ? [button("Clear all", () => this.#act("faults", {}, "DELETE"))] : [];
    arrange(this.#faults, [...faults, ...clear.map((node) => element("li", {}, node))]);
    for (const [name, field] of this.#switches) {
      if (field === document.activeElement) continue;
      if (field.type === "checkbox") field.checked = state.switches[name];
      else field.value = state.switches[name];
    }
    arrange(this.#log, logged(state));
  }

  #faultForm() {
    const method = element("select", { name: "method" }, ...METHODS.map((name) => element("option", { value: name }, name === "*" ? "any method" : name)));
    const kind = element("select", { name: "kind" }, ...Object.entries(KINDS).map(([name, told]) => element("option", { value: name }, told)));
    const times = element("input", { type: "number", name: "times", value: "1", min: "0", max: "100" });
    const seconds = element("input", { type: "number", name: "seconds", value: "3", min: "0", max: "60" });
    const code = element("input", { name: "error", value: "token_expired", spellcheck: "false" });
    const secondsLabel = element("label", {}, "Seconds", seconds);
    const codeLabel = element("label", {}, "Code", code);
    const form = element(
      "form",
      { class: "fault" },
      element("label", {}, "The next calls of", method),
      element("label", {}, "What happens", kind),
      element("label", { title: "0 is until it is cleared" }, "Times", times),
      secondsLabel,
      codeLabel,
      element("button", { class: "primary", type: "submit" }, "Let it happen"),
    );
    const fit = () => {
      secondsLabel.hidden = !["rate", "slow"].includes(kind.value);
      codeLabel.hidden = kind.value !== "error";
    };
    kind.addEventListener("change", fit);
    fit();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#act("faults", {
        method: method.value,
        kind: kind.value,
        times: Number(times.value),
        seconds: Number(seconds.value),
        error: code.value || "internal_error",
      });
    });
    return [element("h3", {}, "What Slack does to the assistant"), form, this.#faults];
  }

  #switchForm() {
    const number = (name, label, most, step) => {
      const field = element("input", { type: "number", min: name === "duplicates" ? "1" : "0", max: most, step });
      field.addEventListener("change", () => this.#act("switches", { [name]: Number(field.value) }));
      this.#switches.set(name, field);
      return element("label", {}, label, field);
    };
    const check = (name, label) => {
      const field = element("input", { type: "checkbox" });
      field.addEventListener("change", () => this.#act("switches", { [name]: field.checked }));
      this.#switches.set(name, field);
      return element("label", { class: "check" }, field, label);
    };
    return [
      element("h3", {}, "How events are sent"),
      element(
        "div",
        { class: "switches" },
        number("duplicates", "Copies of each", "9", "1"),
        number("delay", "Seconds late", "60", "0.5"),
        number("jitter", "Up to so many more", "60", "0.5"),
        check("paced", "One message a second in a channel, as Slack allows"),
        check("echoes", "The assistant is told of its own messages"),
      ),
    ];
  }
}

/** What was sent and what was called, the newest first. */
function logged(state) {
  const sent = state.deliveries.flatMap((delivery) =>
    delivery.attempts.map((attempt) => ({
      at: attempt.at,
      sign: "→",
      told: delivery.name + (attempt.retry ? `, again (${attempt.retry})` : ""),
      ended: attempt.taken ? "taken" : attempt.reason.replaceAll("_", " "),
      well: attempt.taken,
    })),
  );
  const called = state.calls.map((call) => ({
    at: call.at,
    sign: "←",
    told: call.method,
    ended: call.ok ? "ok" : call.error || String(call.status || "no answer"),
    well: call.ok,
  }));
  return [...sent, ...called]
    .sort((one, other) => other.at - one.at)
    .slice(0, 60)
    .map((entry) =>
      element(
        "li",
        { class: entry.well ? "well" : "ill" },
        element("time", {}, clock(entry.at)),
        element("span", { "aria-label": entry.sign === "→" ? "sent" : "called" }, entry.sign),
        element("span", { class: "told" }, entry.told),
        element("span", { class: "ended" }, entry.ended),
      ),
    );
}
