/**
 * The page: places on the left, a conversation in the middle, a thread on the right. It shows what the
 * stand-in holds, and does what people do; where one is stands in the address, so that it survives a
 * reload.
 */

import { drawn } from "./blocks.js";
import { composer, sent, typed } from "./composer.js";
import { arrange, button, counted, element, Kept } from "./dom.js";
import { drawnMessage } from "./messages.js";
import { act, follow, stateNow } from "./server.js";
import { Trouble } from "./trouble.js";

const SLACK = { id: "USLACKBOT", real_name: "Slack", color: "6b7075", is_bot: true };
const NEAR = 80; // pixels from the end that still count as reading the newest

const at = (id) => document.getElementById(id);
const shown = { messages: new Kept(), replies: new Kept() };
const near = new Map(); // of each list of messages, whether its end is in sight
const pressed = new Map(); // what was pressed of each pair of buttons
let state = null;
let here = { user: "", place: "", thread: "" };
let known = null; // called once there is a state
const first = new Promise((resolve) => { known = resolve; });
let awaited = ""; // the message just written, whose thread opens as soon as it has one

// --- where one is ------------------------------------------------------------------------------

function read() {
  const told = new URLSearchParams(location.hash.slice(1));
  const people = state.people.filter((person) => !person.is_bot);
  const user = people.find((person) => person.id === told.get("user")) ?? people[0];
  const places = ["home", "dm", ...state.channels.filter((channel) => channel.kind !== "im").map((channel) => channel.id)];
  const place = places.includes(told.get("in")) ? told.get("in") : state.channels[0].id;
  return { user: user.id, place, thread: told.get("thread") ?? "" };
}

function go(where) {
  const next = { thread: "", ...{ user: here.user, place: here.place }, ...where };
  const told = new URLSearchParams({ user: next.user, in: next.place });
  if (next.thread) told.set("thread", next.thread);
  location.hash = told;
}

/** Slack tells the app when somebody opens its home or its messages. */
function arrived(before) {
  const changed = before.place !== here.place || before.user !== here.user;
  if (!changed || !["home", "dm"].includes(here.place)) return;
  doing("home", { user: here.user, tab: here.place === "home" ? "home" : "messages" });
}

function channelHere() {
  const isDirect = (channel) => channel.kind === "im" && channel.members.includes(here.user);
  return state.channels.find((channel) => (here.place === "dm" ? isDirect(channel) : channel.id === here.place));
}

// --- names -------------------------------------------------------------------------------------

const personOf = (id) => state.people.find((person) => person.id === id) ?? { ...SLACK, id };
const bot = () => personOf(state.bot);
const named = {
  person: (id) => personOf(id).real_name,
  channel: (id) => state.channels.find((channel) => channel.id === id)?.name ?? id,
  bot: () => bot().real_name,
};

// --- what is done ------------------------------------------------------------------------------

async function doing(name, told, method) {
  try {
    const answer = await act(name, told, method);
    const { delivery } = answer;
    if (delivery && !delivery.taken && delivery.attempts.length) {
      tell(`${named.bot()} did not take it: ${delivery.attempts.at(-1).reason.replaceAll("_", " ")}`);
    }
    return answer;
  } catch (error) {
    tell(`That did not work: ${error.message}`);
    return null;
  }
}

function tell(text) {
  const alert = at("alert");
  alert.textContent = text;
  alert.hidden = false;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { alert.hidden = true; }, 6000);
}

async function write(text, thread = "") {
  await first; // who types fast may be earlier
  const channel = channelHere();
  if (text.startsWith("/")) {
    if (thread) {
      tell("Slack takes no commands in threads: give it in the channel.");
      return false;
    }
    const [, command, rest] = /^(\/\S+)\s*([\s\S]*)$/.exec(text);
    return Boolean(await doing("commands", { command, text: sent(rest, state.people), channel: channel.id, user: here.user }));
  }
  const told = { text: sent(text, state.people), channel: channel.id, user: here.user, thread_ts: thread };
  const answer = await doing("messages", told);
  if (answer && !thread) awaited = answer.ts;
  return Boolean(answer);
}

async function press(message, block, action, value, node) {
  const told = { action_id: action, block_id: block, value, user: here.user };
  const where = message ? { ts: message.ts, channel: channelHere().id } : {};
  if (node.dataset.value !== undefined) {
    pressed.set(`${message?.ts} ${action}`, value);
    mark(node.parentElement, message);
  }
  await doing("actions", { ...told, ...where });
}

/** Shows which of a pair of buttons was pressed. */
function mark(node, message) {
  for (const each of node.querySelectorAll("[data-value]")) {
    const values = [...pressed].filter(([key]) => key.startsWith(`${message?.ts} `)).map(([, value]) => value);
    each.setAttribute("aria-pressed", String(values.includes(each.dataset.value)));
  }
}

function edit(message) {
  const dialog = at("edit");
  at("edit-text").value = typed(message.text, state.people);
  dialog.returnValue = "";
  dialog.addEventListener("close", () => {
    const text = at("edit-text").value.trim();
    if (dialog.returnValue !== "save" || !text) return;
    doing("messages", { channel: channelHere().id, ts: message.ts, text: sent(text, state.people) }, "PUT");
  }, { once: true });
  dialog.showModal();
}

const given = {
  named,
  press,
  edit,
  open: (thread) => {
    go({ thread });
    replying.focus();
  },
  remove: (message) => doing("messages", { channel: channelHere().id, ts: message.ts }, "DELETE"),
};

// --- what is shown -----------------------------------------------------------------------------

function show() {
  const before = here;
  here = read();
  const moved = before.place !== here.place || before.user !== here.user;
  followAwaited(moved);
  document.title = state.team.name;
  at("team").textContent = state.team.name;
  showSide();
  showPlace(moved);
  showThread(moved || before.thread !== here.thread);
  trouble.show(state);
  arrived(before);
}

/** Opens the thread of what was just written, once something happens in it. */
function followAwaited(moved) {
  if (moved) awaited = "";
  const channel = channelHere();
  if (!awaited || !channel || here.thread) return;
  const answered = channel.messages.some((message) => message.thread_ts === awaited && message.ts !== awaited);
  if (!answered && !statusOf(channel, awaited)) return;
  const thread = awaited;
  awaited = "";
  go({ thread });
}

function showSide() {
  const who = at("who");
  const people = state.people.filter((person) => !person.is_bot);
  if (who.options.length !== people.length) {
    who.replaceChildren(...people.map((person) => element("option", { value: person.id }, person.real_name)));
  }
  who.value = here.user;
  const public_ = state.channels.filter((channel) => channel.kind !== "im");
  const item = (place, label, sign) =>
    button([element("span", { class: "sign", "aria-hidden": "true" }, sign), label], () => go({ place }), {
      class: "place",
      "aria-current": place === here.place ? "page" : null,
    });
  const told = JSON.stringify([here, public_.map((channel) => channel.id)]);
  if (showSide.told !== told) {
    const focused = at("places").contains(document.activeElement);
    at("places").replaceChildren(
      element("h3", {}, "Channels"),
      ...public_.map((channel) => item(channel.id, channel.name, "#")),
      element("h3", {}, named.bot()),
      item("dm", "Messages", "✉"),
      item("home", "Home", "⌂"),
    );
    if (focused) at("places").querySelector("[aria-current]")?.focus();
    showSide.told = told;
  }
  showService();
}

function showService() {
  const told = state.sockets
    ? `Socket Mode, ${counted(state.sockets, "connection")}`
    : `Sends to ${state.service.replace(/^https?:\/\//, "")}`;
  const last = state.deliveries.findLast((delivery) => delivery.attempts.length);
  const ended = last ? (last.taken ? "the last was taken" : `the last was not taken: ${last.attempts.at(-1).reason.replaceAll("_", " ")}`) : "nothing sent yet";
  const node = at("service");
  node.className = `service ${last ? (last.taken ? "well" : "ill") : ""}`;
  node.textContent = `${told}; ${ended}`;
  const count = at("trouble-count");
  count.hidden = !state.faults.length;
  count.textContent = state.faults.length ? String(state.faults.length) : "";
}

function showPlace(moved) {
  const channel = channelHere();
  const isHome = here.place === "home";
  at("below").hidden = isHome;
  if (isHome) {
    at("place").textContent = "Home";
    at("about").textContent = `What ${named.bot()} shows to ${named.person(here.user)}`;
    showHome();
    return;
  }
  const isDirect = channel.kind === "im";
  at("place").textContent = isDirect ? named.bot() : `# ${channel.name}`;
  at("about").textContent = isDirect
    ? `Between ${named.person(here.user)} and ${named.bot()} alone`
    : channel.has_bot
      ? `${counted(channel.members.length, "member")}, ${named.bot()} among them`
      : `${named.bot()} is no member: only a command reaches it`;
  writing.name(isDirect ? `Write to ${named.bot()}` : `Write to #${channel.name}, or /ask a question`);
  fill(at("messages"), shown.messages, listed(channel, ""), moved);
  showPrompts(at("prompts"), channel, "");
}

function showHome() {
  const view = state.views[here.user];
  const told = JSON.stringify([here.user, view]);
  if (at("messages").dataset.home === told) return;
  const blocks = view
    ? drawn(view.blocks, named, (block, action, value, node) => press(null, block, action, value, node))
    : [element("p", { class: "empty" }, `${named.bot()} has published no home yet.`)];
  at("messages").replaceChildren(element("div", { class: "home" }, ...blocks));
  at("messages").dataset.home = told;
}

function showThread(moved) {
  const channel = channelHere();
  const root = here.thread && channel?.messages.find((message) => message.ts === here.thread);
  at("thread").hidden = !root;
  document.body.classList.toggle("with-thread", Boolean(root));
  if (!root) return;
  const title = state.titles.find((told) => told.channel === channel.id && told.thread_ts === root.ts);
  at("thread-about").textContent = title?.title ?? (channel.kind === "im" ? named.bot() : `# ${channel.name}`);
  replying.name("Reply in this thread");
  fill(at("replies"), shown.replies, listed(channel, root.ts), moved);
  showPrompts(at("thread-prompts"), channel, root.ts);
}

/** The messages of a place, those that one person alone sees among them. */
function listed(channel, thread) {
  const secrets = state.ephemerals
    .filter((one) => one.channel === channel.id && one.user === here.user)
    .map((one) => ({ message: one.message, secret: true }));
  const within = ({ message }) => {
    if (!thread) return !message.thread_ts || message.thread_ts === message.ts;
    return message.ts === thread || message.thread_ts === thread;
  };
  return [...channel.messages.map((message) => ({ message, secret: false })), ...secrets]
    .filter(within)
    .sort((one, other) => (one.message.ts < other.message.ts ? -1 : 1))
    .map(({ message, secret }) => {
      const replies = channel.messages.filter((one) => one.thread_ts === message.ts && one.ts !== message.ts);
      return {
        message,
        secret,
        author: personOf(message.user),
        replies: secret ? 0 : replies.length,
        latest: replies.at(-1)?.ts ?? "",
        status: thread ? "" : statusOf(channel, message.ts),
        isOwn: message.user === here.user,
        inThread: Boolean(thread),
      };
    });
}

function statusOf(channel, ts) {
  const told = state.statuses.find((one) => one.channel === channel.id && one.thread_ts === ts);
  return told?.status ?? "";
}

function fill(node, kept, told, moved) {
  const wasNear = isNear(node);
  delete node.dataset.home;
  const nodes = kept.nodes(told, (one) => one.message.ts, (one) => {
    const made = drawnMessage(one, given);
    mark(made, one.message);
    return made;
  });
  if (told.length > 1 && told[0].inThread) {
    const replies = told.length - 1;
    nodes.splice(1, 0, element("p", { class: "rule" }, counted(replies, "reply", "replies")));
  }
  const status = told[0]?.inThread ? statusOf(channelHere(), here.thread) : "";
  if (status) nodes.push(element("p", { class: "status" }, `${named.bot()} ${status}`));
  if (!nodes.length) nodes.push(element("p", { class: "empty" }, "Nothing has been written here yet."));
  arrange(node, nodes);
  if (moved || wasNear) node.scrollTop = node.scrollHeight;
  near.set(node, isNear(node));
}

/** Whether the newest is in sight. */
function isNear(node) {
  return node.scrollHeight - node.scrollTop - node.clientHeight < NEAR;
}

/** Whoever reads the newest goes on reading it in a window of another size. */
function keepNear(node) {
  node.addEventListener("scroll", () => near.set(node, isNear(node)));
  new ResizeObserver(() => {
    if (near.get(node)) node.scrollTop = node.scrollHeight;
  }).observe(node);
}

function showPrompts(node, channel, thread) {
  const told = state.prompts.find((one) => one.channel === channel.id && one.thread_ts === thread);
  const text = JSON.stringify(told ?? null);
  if (node.dataset.told === text) return;
  node.dataset.told = text;
  const title = told?.title ? [element("p", { class: "sub" }, told.title)] : [];
  const chips = (told?.prompts ?? []).map((prompt) =>
    button(prompt.title, () => write(prompt.message, thread), { class: "chip", title: prompt.message }),
  );
  node.replaceChildren(...title, ...chips);
}

// --- to begin with -----------------------------------------------------------------------------

const writing = composer(at("composer"), { label: "Write", send: (text) => write(text), mention: () => named.bot() });
const replying = composer(at("reply"), { label: "Reply", send: (text) => write(text, here.thread), mention: () => named.bot() });
const trouble = new Trouble(at("trouble"), doing);

keepNear(at("messages"));
keepNear(at("replies"));
at("who").addEventListener("change", (event) => go({ user: event.target.value }));
at("trouble-open").addEventListener("click", () => trouble.open());
at("thread-close").addEventListener("click", () => go({}));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !here.thread || document.querySelector("dialog[open]")) return;
  go({});
  writing.focus();
});
addEventListener("hashchange", () => state && show());

let reading = Promise.resolve();
follow(
  () => {
    // One after the other, so that an older state never comes after a newer one.
    reading = reading.then(async () => {
      try {
        state = await stateNow();
        show();
        known();
      } catch (error) {
        tell(`The stand-in cannot be read: ${error.message}`);
        throw error;
      }
    }).catch((error) => console.error(error));
  },
  () => tell("The stand-in cannot be reached. Is it still running?"),
);
