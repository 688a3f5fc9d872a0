/**
 * The addresses of the service. A proxy may show it below a path: its root is where `page/` is.
 */
const ROOT = new URL("..", import.meta.url).pathname;

/** The address of a path of the service, such as "/v1/chat". */
export function urlOf(path) {
  return ROOT + path.slice(1);
}
