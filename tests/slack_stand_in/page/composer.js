/** The field in which people write: Enter sends, and what begins with a slash is a command. */

import { button, element } from "./dom.js";

/**
 * Makes a form a composer. `send` is given the text as it was typed, and awaited; what it throws is
 * shown by whoever gave it, and the text stays.
 */
export function composer(form, { label, send, mention }) {
  const field = element("textarea", { rows: "1", maxlength: "4000", "aria-label": label, placeholder: label });
  const insert = button("@", () => {
    const gap = field.value && !field.value.endsWith(" ") ? " " : "";
    field.setRangeText(`${gap}@${mention()} `, field.selectionStart, field.selectionEnd, "end");
    field.focus();
  }, { class: "icon", title: "Mention the assistant", "aria-label": "Mention the assistant" });
  form.append(insert, field, element("button", { class: "primary", type: "submit" }, "Send"));
  const submit = async () => {
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    if (!(await send(text))) field.value ||= text;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  return {
    name: (text) => {
      field.placeholder = text;
      field.setAttribute("aria-label", text);
    },
    focus: () => field.focus(),
  };
}

const ADDRESS = /https?:\/\/[^\s<>]+[^\s<>.,;:!?)'"]/g;

/** Text as somebody typed it, in the form in which Slack's client sends it. */
export function sent(text, people) {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const linked = escaped.replace(ADDRESS, (url) => `<${url}>`);
  return people.reduce((told, person) => {
    const name = new RegExp(`@${person.real_name}(?![\\p{L}\\p{N}])`, "giu");
    return told.replace(name, `<@${person.id}>`);
  }, linked);
}

/** The same the other way round, to be edited. */
export function typed(text, people) {
  const names = new Map(people.map((person) => [person.id, person.real_name]));
  return text
    .replace(/<@([A-Z0-9]+)(?:\|[^>]*)?>/g, (all, id) => (names.has(id) ? `@${names.get(id)}` : all))
    .replace(/<([^<>|]+)(?:\|[^<>]*)?>/g, "$1")
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
