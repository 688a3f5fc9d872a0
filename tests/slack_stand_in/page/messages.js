/** Messages: who says what and when, what hangs below it, and what can be done with it. */

import { drawn } from "./blocks.js";
import { button, clock, counted, element } from "./dom.js";
import { markdown } from "./markdown.js";
import { mrkdwn } from "./mrkdwn.js";

/**
 * A message as an element. `told` is the message with what is known of it beside: `author` (a person),
 * `replies` and `latest` of its thread, `status` of its thread, `secret` where one person alone sees
 * it, `isOwn`, `inThread`. `given` has `named`, and what is done: press, open, edit, remove.
 */
export function drawnMessage(told, given) {
  const { message, author } = told;
  const classes = ["message", told.secret ? "secret" : "", message.subtype === "tombstone" ? "tombstone" : ""];
  return element(
    "article",
    { class: classes.join(" ").trim(), "data-ts": message.ts, "aria-label": `${author.real_name} at ${clock(message.ts)}` },
    portrait(author),
    element(
      "div",
      { class: "body" },
      told.secret ? element("p", { class: "note" }, "Only visible to you") : null,
      byline(told),
      element("div", { class: "said" }, ...said(message, given)),
      told.status ? element("p", { class: "status" }, `${given.named.bot()} ${told.status}`) : null,
      told.replies && !told.inThread ? summary(told, given) : null,
    ),
    tools(told, given),
  );
}

function portrait(author) {
  const node = element("span", { class: "portrait", "aria-hidden": "true" }, author.real_name.slice(0, 1));
  // Styles in markup are not let through; set from here they are.
  node.style.setProperty("--own", `#${author.color}`);
  return node;
}

function byline({ message, author }) {
  return element(
    "p",
    { class: "byline" },
    element("b", {}, author.real_name),
    author.is_bot ? element("span", { class: "tag" }, "App") : null,
    element("time", {}, clock(message.ts)),
    message.edited ? element("span", { class: "edited" }, "(edited)") : null,
  );
}

function said(message, given) {
  const files = (message.files ?? []).map((file) => element("p", { class: "file" }, `📄 ${file.name}`));
  if (message.streaming_state === "in_progress") {
    return [element("div", { class: "block markdown growing" }, ...markdown(message.text)), ...files];
  }
  // What people write is shown from their text: its marks are what they typed for a style.
  if (message.blocks?.length && message.bot_id) {
    const press = (block, action, value, node) => given.press(message, block, action, value, node);
    return [...drawn(message.blocks, given.named, press), ...files];
  }
  return [element("div", { class: "block" }, element("p", {}, ...mrkdwn(message.text, given.named))), ...files];
}

function summary(told, given) {
  const label = `${counted(told.replies, "reply", "replies")}, last at ${clock(told.latest)}`;
  return button(label, () => given.open(told.message.thread_ts ?? told.message.ts), { class: "summary" });
}

function tools(told, given) {
  if (told.secret || told.message.subtype === "tombstone") return null;
  const buttons = [];
  if (!told.inThread) buttons.push(button("Reply", () => given.open(told.message.ts)));
  if (told.isOwn) {
    buttons.push(button("Edit", () => given.edit(told.message)));
    buttons.push(button("Delete", () => given.remove(told.message)));
  }
  return buttons.length ? element("div", { class: "tools" }, ...buttons) : null;
}
