/**
 * What the reader thinks of an answer: two buttons, and a line to say what was wrong.
 */
import { Problem, request, sending } from "./service.js";
import { button, element } from "./text.js";

const LONGEST_COMMENT = 300;
const WHY = "What was wrong? (optional)";

/** The buttons for an answer, and the place below them for what there is to say. */
export function feedbackOn({ id }) {
  const said = element("div", { class: "said" });
  const nodes = { up: verdictButton("up", "Helpful"), down: verdictButton("down", "Not helpful") };
  let kept = null;
  let sent = Promise.resolve();

  function verdictButton(verdict, label) {
    return button(label, () => judge(verdict), { class: "quiet verdict", "aria-pressed": "false" });
  }

  // One after the other, so that the last verdict is the one that is kept.
  function judge(verdict, comment = "") {
    sent = sent.then(() => keep(verdict, comment));
  }

  async function keep(verdict, comment) {
    // Without this, a second click would take back the comment.
    if (verdict === kept && !comment) return;
    said.querySelector("[role=alert]")?.remove();
    try {
      await request("/v1/feedback", sending({ answer_id: id, verdict, comment }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const told = `This was not kept. ${error.message}. ${error.detail}`;
      said.append(element("p", { class: "note", role: "alert" }, told));
      return;
    }
    kept = verdict;
    for (const [name, node] of Object.entries(nodes)) node.setAttribute("aria-pressed", String(name === kept));
    if (comment) thank();
    else said.replaceChildren(...(kept === "down" ? [reasonForm()] : []));
  }

  function reasonForm() {
    const field = element("input", { type: "text", maxlength: LONGEST_COMMENT, placeholder: WHY, "aria-label": WHY });
    const form = element("form", { class: "reason", autocomplete: "off" }, field, element("button", {}, "Send"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const comment = field.value.trim();
      if (comment) judge("down", comment);
    });
    return form;
  }

  function thank() {
    const thanks = element("p", { class: "muted", tabindex: "-1" }, "Thank you. This is kept with the answer.");
    said.replaceChildren(thanks);
    thanks.focus();
  }

  const label = "What do you think of this answer?";
  const buttons = element("span", { class: "verdicts", role: "group", "aria-label": label }, nodes.up, nodes.down);
  return { buttons, said };
}
