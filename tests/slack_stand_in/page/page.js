/**
 * The page: places on the left, a conversation, and a thread on the right. It polls the state of the
 * stand-in. The address holds the user, the place and the thread, so that they survive a reload.
 */

import { button, element, markdown, plain, render } from "./blocks.js";

const POLL_INTERVAL = 400; // milliseconds
const NEAR_END = 80; // pixels; closer to the end, a list stays scrolled to it
const SLACK = { real_name: "Slack" };
const byId = (id) => document.getElementById(id);

let state = null;
let here = { user: "", place: "", thread: "" };
let names = new Map(); // of users and channels, by id
let written = ""; // the last message written here, whose thread opens with the first reply

// --- the stand-in ------------------------------------------------------------------------------

async function poll() {
  try {
    const response = await fetch(`/control/state?known=${state?.version ?? ""}`);
    if (response.status === 200) {
      state = await response.json();
      names = new Map([...state.users.map((user) => [user.id, user.real_name]), ...state.channels.map((channel) => [channel.id, channel.name])]);
      show();
    }
  } catch (error) {
    alertUser(`The stand-in cannot be reached: ${error.message}`);
  }
  setTimeout(poll, POLL_INTERVAL);
}

async function act(name, values) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`/control/${name}`, { method: "POST", headers, body: JSON.stringify({ user: here.user, ...values }) });
  const answer = await response.json();
  if (!answer.ok) alertUser(`Not done: ${answer.error}`);
  else if (answer.failure) alertUser(`The service did not accept it: ${answer.failure.replaceAll("_", " ")}`);
  return answer;
}

function alertUser(text) {
  byId("alert").textContent = text;
  byId("alert").hidden = false;
  clearTimeout(alertUser.timer);
  alertUser.timer = setTimeout(() => { byId("alert").hidden = true; }, 6000);
}

// --- what the user does ------------------------------------------------------------------------

async function write(text, thread) {
  const channel = channelHere().id;
  const command = /^(\/\S+)\s*([\s\S]*)$/.exec(text);
  if (command && thread) return alertUser("Slack has no commands in threads.");
  if (command) return act("commands", { command: command[1], text: escaped(command[2]), channel });
  const answer = await act("messages", { text: escaped(text), channel, thread_ts: thread });
  if (!thread) written = answer.ts ?? "";
  return answer;
}

/** Text as Slack's client sends it: escaped, and with mentions as references. */
function escaped(text) {
  const safe = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return state.users.reduce((all, user) => all.replace(new RegExp(`@${user.real_name}\\b`, "gi"), `<@${user.id}>`), safe);
}

function press(message, block, part, value) {
  const place = message ? { ts: message.ts, channel: channelHere().id } : {};
  act("actions", { action_id: part.action_id, block_id: block.block_id, value, ...place });
}

function composer(form, thread) {
  const field = form.elements.text;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text || !state) return;
    field.value = "";
    write(text, thread());
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

function go(where) {
  const { user, place } = here;
  location.hash = new URLSearchParams({ user, place, thread: "", ...where });
}

function channelHere() {
  if (here.place !== "dm") return state.channels.find((channel) => channel.id === here.place);
  return state.channels.find((channel) => channel.kind === "im" && channel.members.includes(here.user));
}

// --- what the page shows -----------------------------------------------------------------------

function show() {
  const asked = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const before = here;
  const people = state.users.filter((user) => user.id !== state.bot);
  here = { user: people[0].id, place: state.channels[0].id, thread: "", ...asked };
  showSide(people);
  showPlace();
  showThread();
  const moved = before.user !== here.user || before.place !== here.place;
  if (moved && here.place === "home") act("home", { tab: "home" });
  if (moved && here.place === "dm") act("home", { tab: "messages" });
}

function showSide(people) {
  byId("team").textContent = state.team;
  byId("user").replaceChildren(...people.map((user) => element("option", { value: user.id }, user.real_name)));
  byId("user").value = here.user;
  const places = state.channels.filter((channel) => channel.kind !== "im").map((channel) => [channel.id, `# ${channel.name}`]);
  places.push(["dm", "Direct message"], ["home", "Home"]);
  byId("places").replaceChildren(...places.map(([place, label]) =>
    button(label, () => go({ place }), place === here.place ? { "aria-current": "page" } : {})));
  const failure = state.failure ? `; last request failed: ${state.failure.replaceAll("_", " ")}` : "";
  byId("service").textContent = `Service: ${state.service}${failure}`;
}

function showPlace() {
  const channel = channelHere();
  byId("composer").hidden = byId("prompts").hidden = !channel;
  if (!channel) {
    byId("place").textContent = "Home";
    const view = state.views[here.user];
    const nodes = view ? render(view.blocks, names, (...pressed) => press(null, ...pressed)) : [element("p", { class: "note" }, "No home view yet.")];
    byId("messages").replaceChildren(element("div", { class: "home" }, ...nodes));
    return;
  }
  const isDirect = channel.kind === "im";
  byId("place").textContent = isDirect ? names.get(state.bot) : `# ${channel.name}`;
  const label = isDirect ? "Write to the assistant" : "Write, mention @Assistant, or /ask a question";
  byId("composer").elements.text.placeholder = label;
  byId("composer").elements.text.setAttribute("aria-label", label);
  const secret = state.ephemerals.filter((one) => one.channel === channel.id && one.user === here.user);
  const roots = channel.messages.filter((message) => message.thread_ts === undefined || message.thread_ts === message.ts);
  const all = [...roots, ...secret.map((one) => ({ ...one.message, secret: true }))];
  fill(byId("messages"), all.sort((one, other) => (one.ts < other.ts ? -1 : 1)), channel);
  const prompts = state.prompts[`${channel.id}/`] ?? [];
  byId("prompts").replaceChildren(...prompts.map((prompt) => button(prompt.title, () => write(prompt.message, ""))));
  const isAnswered = channel.messages.some((message) => message.thread_ts === written && message.ts !== written);
  if (written && (isAnswered || statusOf(channel, written))) {
    go({ thread: written });
    written = "";
  }
}

function showThread() {
  const channel = channelHere();
  const root = here.thread && channel?.messages.find((message) => message.ts === here.thread);
  byId("thread").hidden = !root;
  if (!root) return;
  fill(byId("replies"), channel.messages.filter((message) => message === root || message.thread_ts === root.ts), channel);
}

function fill(list, messages, channel) {
  const isNear = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
  list.replaceChildren(...messages.map((message) => article(message, channel, list.id === "replies")));
  if (list.id === "replies" && statusOf(channel, here.thread)) {
    list.append(element("p", { class: "status" }, `${names.get(state.bot)} ${statusOf(channel, here.thread)}`));
  }
  if (isNear) list.scrollTop = list.scrollHeight;
}

function statusOf(channel, ts) {
  return state.statuses[`${channel.id}/${ts}`] ?? "";
}

function article(message, channel, inThread) {
  const author = state.users.find((user) => user.id === message.user) ?? SLACK;
  const time = new Date(Number(message.ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const replies = channel.messages.filter((one) => one.thread_ts === message.ts && one.ts !== message.ts).length;
  const open = () => go({ thread: message.ts });
  return element(
    "article",
    { class: message.secret ? "secret" : "" },
    message.secret ? element("p", { class: "note" }, "Only visible to you") : null,
    element("p", { class: "author" }, element("b", {}, author.real_name), ` ${time}${message.edited ? " (edited)" : ""}`),
    ...contentOf(message),
    ...(message.files ?? []).map((file) => element("p", { class: "note" }, `File: ${file.name}`)),
    inThread || message.secret ? null : button(replies ? `${replies} ${replies === 1 ? "reply" : "replies"}` : "Reply", open, { class: "link" }),
  );
}

function contentOf(message) {
  if (message.streaming_state === "in_progress") return [element("div", { class: "block growing" }, markdown(message.text, names))];
  // Blocks of a user's message repeat its text.
  if (message.blocks?.length && message.bot_id) return render(message.blocks, names, (...pressed) => press(message, ...pressed));
  return [element("div", { class: "block" }, element("p", {}, plain(message.text, names)))];
}

composer(byId("composer"), () => "");
composer(byId("reply"), () => here.thread);
byId("user").addEventListener("change", (event) => go({ user: event.target.value }));
byId("close").addEventListener("click", () => go({}));
addEventListener("hashchange", () => state && show());
poll();
