/**
 * The conversation: asks questions, restores the conversation after a reload, starts a new one, deletes it.
 */
import { addSentence, showAnswer, showHits, showProgress } from "./answer.js";
import { Problem, jsonOptions, newId, request, stream } from "./service.js";
import { load, store } from "./storage.js";
import { button, element } from "./text.js";

const byId = (id) => document.getElementById(id);
const exchanges = byId("exchanges");
const question = byId("question");

let id = load("conversation"); // empty until the first question
let pending = null; // the AbortController of the current question
let restoring = null; // the AbortController of `restore`

// --- Asking

export function ask(text) {
  const message = text.trim();
  if (!message) return;
  stop();
  // The page chooses the id, so that a retry goes to the same conversation.
  if (!id) store("conversation", (id = newId()));
  const exchange = newExchange(message);
  exchanges.append(exchange.root);
  byId("welcome").hidden = true;
  send(exchange);
}

/** Asks a question that the user chose by a click. */
export function choose(text) {
  ask(text);
  question.focus();
}

export function stop() {
  pending?.abort();
}

export function isWaiting() {
  return pending !== null;
}

/**
 * Creates an exchange. Only the reply is a live region, so that screen readers do not read the sources.
 * `key` is the idempotency key: a retry with the same key gets the same answer.
 */
function newExchange(message) {
  const reply = element("div", { class: "reply", "aria-live": "polite" });
  const proof = element("div", { class: "proof" });
  const root = element("article", { class: "exchange column" }, element("h2", {}, message), reply, proof);
  return { message, conversation: id, key: newId(), root, reply, proof };
}

async function send(exchange) {
  const { root, proof } = exchange;
  const controller = new AbortController();
  setPending(controller);
  showProgress(exchange, "Looking through the documents");
  proof.replaceChildren();
  root.scrollIntoView({ block: "start" });
  try {
    await receive(exchange, controller.signal);
    byId("deletion").hidden = false;
  } catch (error) {
    showFailure(exchange, error);
  } finally {
    // A newer question may have replaced this one.
    if (pending === controller) {
      setPending(null);
      root.scrollIntoView({ block: "start" });
    }
  }
}

/** Shows the answer while it arrives. */
async function receive(exchange, signal) {
  const { message, conversation, key } = exchange;
  const body = { message, conversation_id: conversation, stream: true };
  const headers = { "Idempotency-Key": key };
  for await (const [event, data] of stream("/v1/chat", jsonOptions(body, { headers, signal }))) {
    signal.throwIfAborted();
    if (event === "error") throw Problem.of(data, data.status);
    if (event === "retrieved") showHits(exchange, data.hits);
    if (event === "sentence") addSentence(exchange, data);
    if (event === "answer") return showAnswer(exchange, data, choose);
  }
  throw new Problem("The answer is incomplete", "The connection ended before the end of the answer.");
}

function setPending(controller) {
  const stopHadFocus = document.activeElement === byId("stop");
  pending = controller;
  byId("send").hidden = pending !== null;
  byId("stop").hidden = pending === null;
  if (stopHadFocus) question.focus();
}

function showFailure(exchange, error) {
  const retry = button("Try again", () => {
    stop();
    send(exchange);
    question.focus();
  });
  const { reply } = exchange;
  reply.removeAttribute("aria-busy");
  if (error.name === "AbortError") {
    reply.replaceChildren(element("div", { class: "stopped" }, element("p", {}, "Stopped."), retry));
    return;
  }
  const problem = error instanceof Problem ? error : new Problem("The page could not show the answer", error.message);
  reply.replaceChildren(element("div", { class: "error" }, problem.toElements(), retry));
}

// --- The stored conversation

/** Shows the stored conversation of this tab. */
export async function restore() {
  if (!id) return;
  const place = element("div", { class: "column" });
  exchanges.prepend(place);
  byId("welcome").hidden = true;
  restoring = new AbortController();
  try {
    const { answers } = await request(addressOf(id), { signal: restoring.signal });
    place.replaceWith(...answers.map(storedExchange));
    exchanges.lastElementChild.scrollIntoView({ block: "start", behavior: "instant" });
    byId("deletion").hidden = false;
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Problem)) throw error;
    if (error.status === 404) {
      place.remove();
      // The user may have asked a question in the meantime.
      if (!exchanges.childElementCount) startNew();
      return;
    }
    const retry = () => {
      place.remove();
      restore();
    };
    place.replaceChildren(failure(error, retry));
  }
}

function storedExchange(answer) {
  const exchange = newExchange(answer.question);
  showAnswer(exchange, answer, choose);
  return exchange.root;
}

/** Leaves this conversation; the next question starts a new one. */
export function startNew() {
  stop();
  restoring?.abort();
  store("conversation", (id = ""));
  exchanges.replaceChildren();
  offerDeletion();
  byId("deletion").hidden = true;
  byId("welcome").hidden = false;
  question.focus();
}

async function deleteConversation() {
  stop();
  try {
    await request(addressOf(id), { method: "DELETE" });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // 404: it has already been deleted.
    if (error.status !== 404) {
      offerDeletion(failure(error));
      return;
    }
  }
  startNew();
}

/** Shows the button that deletes the conversation after a confirmation, below `message` if there is one. */
function offerDeletion(message = null) {
  const first = button("Delete this conversation", () => {
    const cancel = button("Keep it", () => {
      offerDeletion();
      byId("deletion").querySelector("button").focus();
    });
    byId("deletion").replaceChildren(
      element("p", {}, "Permanently delete all questions and answers of this conversation?"),
      element("p", { class: "actions" }, button("Delete", deleteConversation, { class: "danger" }), cancel),
    );
    byId("deletion").scrollIntoView({ block: "nearest" });
    cancel.focus();
  }, { class: "quiet" });
  byId("deletion").replaceChildren(...[message, first].filter((node) => node));
}

function failure(problem, retry = null) {
  return element("div", { class: "error", role: "alert" }, problem.toElements(), retry && button("Try again", retry));
}

function addressOf(conversation) {
  return `/v1/conversations/${encodeURIComponent(conversation)}`;
}

offerDeletion();
