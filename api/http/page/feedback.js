/**
 * Feedback on an answer: two buttons, and a field for what was wrong.
 */
import { Problem, jsonOptions, request } from "./service.js";
import { button, element } from "./text.js";

const MAX_COMMENT = 300;
const PROMPT = "What was wrong? (optional)";

/** Returns {buttons, details}: the buttons for an answer, and the element below it for the comment. */
export function feedbackOn({ id }) {
  const details = element("div", { class: "feedback" });
  const nodes = { up: verdictButton("up", "Helpful"), down: verdictButton("down", "Not helpful") };
  let saved = null; // the stored verdict
  let queue = Promise.resolve();

  function verdictButton(verdict, label) {
    return button(label, () => submit(verdict), { class: "quiet verdict", "aria-pressed": "false" });
  }

  // One request at a time, so that the last verdict is the stored one.
  function submit(verdict, comment = "") {
    queue = queue.then(() => save(verdict, comment));
  }

  async function save(verdict, comment) {
    // Without this check a second click would delete the comment.
    if (verdict === saved && !comment) return;
    details.querySelector("[role=alert]")?.remove();
    try {
      await request("/v1/feedback", jsonOptions({ answer_id: id, verdict, comment }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const message = `Your feedback was not saved. ${error.message}. ${error.detail}`;
      details.append(element("p", { class: "note", role: "alert" }, message));
      return;
    }
    saved = verdict;
    for (const [name, node] of Object.entries(nodes)) node.setAttribute("aria-pressed", String(name === saved));
    if (comment) thank();
    else details.replaceChildren(...(saved === "down" ? [commentForm()] : []));
  }

  function commentForm() {
    const field = element("input", { type: "text", maxlength: MAX_COMMENT, placeholder: PROMPT, "aria-label": PROMPT });
    const form = element("form", { class: "comment", autocomplete: "off" }, field, element("button", {}, "Send"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const comment = field.value.trim();
      if (comment) submit("down", comment);
    });
    return form;
  }

  function thank() {
    const thanks = element("p", { class: "muted", tabindex: "-1" }, "Thank you. Your comment is stored with the answer.");
    details.replaceChildren(thanks);
    thanks.focus();
  }

  const label = "What do you think of this answer?";
  const buttons = element("span", { class: "verdicts", role: "group", "aria-label": label }, nodes.up, nodes.down);
  return { buttons, details };
}
