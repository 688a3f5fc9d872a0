/**
 * The first build of the index: shows its progress and waits until the service can answer questions.
 */
import { request } from "./service.js";

const POLL_INTERVAL = 1000; // ms

const byId = (id) => document.getElementById(id);

/**
 * Resolves to false if the service can answer or its index cannot be built, else waits for the first
 * index and resolves to true. Throws Problem if the service cannot be reached.
 */
export async function waitForFirstIndex() {
  let state = await request("/v1/index");
  if (state.generation || !state.building) return false;
  lockQuestion(true);
  try {
    while (!state.generation && state.building) {
      showProgress(state.progress);
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
      state = await request("/v1/index");
    }
  } finally {
    lockQuestion(false);
  }
  return true;
}

function showProgress(progress) {
  const bar = byId("build-bar");
  const total = progress?.total ?? 0;
  const format = (count) => count.toLocaleString("en");
  // Without a value the bar shows that the length of the step is unknown.
  if (total) {
    bar.max = total;
    bar.value = progress.done;
  } else {
    bar.removeAttribute("value");
  }
  const counts = total ? `: ${format(progress.done)} of ${format(total)}` : "";
  byId("build-step").textContent = progress ? progress.step + counts : "";
}

function lockQuestion(locked) {
  byId("build").hidden = !locked;
  byId("question").disabled = locked;
  byId("send").disabled = locked;
  byId("question").placeholder = locked ? "The index is being built" : "Ask a question";
  if (!locked) byId("question").focus();
}
