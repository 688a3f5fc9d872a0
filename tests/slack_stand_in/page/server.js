/** The stand-in's interface: its state, its changes, and what people do in it. */

export async function stateNow() {
  const response = await fetch("/simulator/state");
  if (!response.ok) throw new Error(`the stand-in answers ${response.status}`);
  return response.json();
}

/** Calls back once now, and at every change; `lost` where the stand-in cannot be reached. */
export function follow(changed, lost) {
  const source = new EventSource("/simulator/changes");
  source.addEventListener("message", changed);
  source.addEventListener("error", lost);
}

/** Does something for a person. Throws what went wrong, in words. */
export async function act(name, told, method = "POST") {
  const response = await fetch(`/simulator/${name}`, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(told),
  });
  const answer = await response.json();
  if (!answer.ok) throw new Error([answer.error, ...(answer.errors ?? [])].join(": "));
  return answer;
}
