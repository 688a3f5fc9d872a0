/**
 * The conversation: asks the service, and keeps to what it keeps: shows that again, begins anew, deletes.
 */
import { addSentence, showAnswer, showFound, showProgress } from "./answer.js";
import { Problem, newId, request, sending, stream } from "./service.js";
import { recall, remember } from "./stored.js";
import { button, element } from "./text.js";

const byId = (id) => document.getElementById(id);
const exchanges = byId("exchanges");
const question = byId("question");

let id = recall("conversation"); // empty until the first question
let waiting = null; // the AbortController of the question under way
let restoring = null; // the AbortController of showing what was kept

// --- Asking

export function ask(text) {
  const message = text.trim();
  if (!message) return;
  stop();
  // Named here, so that a question that is sent again goes to the conversation it was first sent to.
  if (!id) remember("conversation", (id = newId()));
  const exchange = newExchange(message);
  exchanges.append(exchange.root);
  byId("welcome").hidden = true;
  send(exchange);
}

/** Ask what was chosen from the page, not typed. */
export function choose(text) {
  ask(text);
  question.focus();
}

export function stop() {
  waiting?.abort();
}

export function isWaiting() {
  return waiting !== null;
}

/**
 * The parts of one exchange. Only the reply is a live region, so that sources are not read out unasked.
 * `key` is sent each time that this question is: then it is asked only once.
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
  setWaiting(controller);
  showProgress(exchange, "Looking through the documents");
  proof.replaceChildren();
  root.scrollIntoView({ block: "start" });
  try {
    await follow(exchange, controller.signal);
    byId("deletion").hidden = false;
  } catch (error) {
    showFailure(exchange, error);
  } finally {
    // A newer question may have taken this one's place.
    if (waiting === controller) {
      setWaiting(null);
      root.scrollIntoView({ block: "start" });
    }
  }
}

/** Show the answer as it comes about, to its end. */
async function follow(exchange, signal) {
  const { message, conversation, key } = exchange;
  const body = { message, conversation_id: conversation, stream: true };
  const headers = { "Idempotency-Key": key };
  for await (const [event, data] of stream("/v1/chat", sending(body, { headers, signal }))) {
    signal.throwIfAborted();
    if (event === "error") throw Problem.of(data, data.status);
    if (event === "retrieved") showFound(exchange, data.hits);
    if (event === "sentence") addSentence(exchange, data);
    if (event === "answer") return showAnswer(exchange, data, choose);
  }
  throw new Problem("The answer broke off", "The connection ended before the answer was whole.");
}

function setWaiting(controller) {
  const stopHadFocus = document.activeElement === byId("stop");
  waiting = controller;
  byId("send").hidden = waiting !== null;
  byId("stop").hidden = waiting === null;
  if (stopHadFocus) question.focus();
}

function showFailure(exchange, error) {
  const again = button("Try again", () => {
    stop();
    send(exchange);
    question.focus();
  });
  const { reply } = exchange;
  reply.removeAttribute("aria-busy");
  if (error.name === "AbortError") {
    reply.replaceChildren(element("div", { class: "stopped" }, element("p", {}, "Stopped."), again));
    return;
  }
  const problem = error instanceof Problem ? error : new Problem("The page could not show the answer", error.message);
  reply.replaceChildren(element("div", { class: "error" }, problem.toElements(), again));
}

// --- What is kept

/** Show again what the service keeps of this tab's conversation. */
export async function restore() {
  if (!id) return;
  const place = element("div", { class: "column" });
  exchanges.prepend(place);
  byId("welcome").hidden = true;
  restoring = new AbortController();
  try {
    const { answers } = await request(addressOf(id), { signal: restoring.signal });
    place.replaceWith(...answers.map(shownAgain));
    exchanges.lastElementChild.scrollIntoView({ block: "start", behavior: "instant" });
    byId("deletion").hidden = false;
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Problem)) throw error;
    if (error.status === 404) {
      place.remove();
      // Something may have been asked meanwhile.
      if (!exchanges.childElementCount) begin();
      return;
    }
    const again = () => {
      place.remove();
      restore();
    };
    place.replaceChildren(failure(error, again));
  }
}

function shownAgain(answer) {
  const exchange = newExchange(answer.question);
  showAnswer(exchange, answer, choose);
  return exchange.root;
}

/** Leave this conversation; the next question begins a new one. */
export function begin() {
  stop();
  restoring?.abort();
  remember("conversation", (id = ""));
  exchanges.replaceChildren();
  offerDeletion();
  byId("deletion").hidden = true;
  byId("welcome").hidden = false;
  question.focus();
}

async function forget() {
  stop();
  try {
    await request(addressOf(id), { method: "DELETE" });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // What is not kept needs no deleting.
    if (error.status !== 404) {
      offerDeletion(failure(error));
      return;
    }
  }
  begin();
}

/** The button that deletes, and before it acts a second one. */
function offerDeletion(told = null) {
  const first = button("Delete this conversation", () => {
    const keep = button("Keep it", () => {
      offerDeletion();
      byId("deletion").querySelector("button").focus();
    });
    byId("deletion").replaceChildren(
      element("p", {}, "Delete all questions and answers of this conversation, for good?"),
      element("p", { class: "actions" }, button("Delete", forget, { class: "danger" }), keep),
    );
    byId("deletion").scrollIntoView({ block: "nearest" });
    keep.focus();
  }, { class: "quiet" });
  byId("deletion").replaceChildren(...[told, first].filter((node) => node));
}

function failure(problem, again = null) {
  return element("div", { class: "error", role: "alert" }, problem.toElements(), again && button("Try again", again));
}

function addressOf(conversation) {
  return `/v1/conversations/${encodeURIComponent(conversation)}`;
}

offerDeletion();
