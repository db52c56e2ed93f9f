import { abortable } from "./abortable.ts";
import { bodyReader } from "./_body_reader.ts";

/**
 * `fetch` whose signal still works after a garbage collection.
 *
 * Deno 2.9.6 holds what connects a call to its signal weakly: after a collection an abort no longer
 * reaches a call that is under way, nor the body of its answer, and whoever reads the body waits
 * for ever (seen on `GET /events`, with `--v8-flags=--expose-gc` at will). So the signal is
 * listened to here.
 *
 * Permissions: `--allow-net` for the host.
 *
 * @param url What is asked.
 * @param init As for `fetch`.
 * @returns The answer; its body fails with the signal's reason when that is aborted.
 * @throws {unknown} the signal's reason when it is aborted before the answer.
 * @throws {TypeError} when nothing answers.
 * @example
 * ```ts
 * import { abortableFetch, withTimeout } from "@superorch/superorch/retry";
 *
 * await using server = Deno.serve({ port: 0, onListen() {} }, () => new Response("hello"));
 * const url = `http://localhost:${server.addr.port}/`;
 * const text = await withTimeout(async (signal) => {
 *   const response = await abortableFetch(url, { signal });
 *   return await response.text();
 * }, 5_000);
 * console.log(text); // hello
 * ```
 */
export async function abortableFetch(
  url: string,
  init: RequestInit & { readonly client?: Deno.HttpClient },
): Promise<Response> {
  const response = await abortableHead(url, init);
  const { signal } = init;
  if (!signal || response.body === null) return response;
  const { status, headers } = response;
  return new Response(endedBy(signal, response.body), { status, headers });
}

/**
 * As {@linkcode abortableFetch}, for an answer whose body comes at once with its head: the body is
 * the platform's own, which is read with a third of the work. The caller waits for it no longer than
 * the signal lets.
 *
 * @param url What is asked.
 * @param init As for `fetch`.
 * @returns The answer.
 */
export async function abortableHead(
  url: string,
  init: RequestInit & { readonly client?: Deno.HttpClient },
): Promise<Response> {
  const { signal } = init;
  if (!signal) return await fetch(url, init);
  const answering = fetch(url, init);
  try {
    return await abortable(answering, signal);
  } catch (error) {
    answering.then((late) => late.body?.cancel()).catch(() => {}); // nobody waits for it any more
    throw error;
  }
}

function endedBy(
  signal: AbortSignal,
  body: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  const reader = bodyReader(body);
  let stop = () => {};
  return new ReadableStream({
    start(controller) {
      const onAbort = () => {
        controller.error(signal.reason);
        reader.cancel(signal.reason).catch(() => {}); // it may have failed by itself just now
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      stop = () => signal.removeEventListener("abort", onAbort);
    },
    async pull(controller) {
      try {
        const piece = await reader.read();
        if (signal.aborted) return; // the controller knows already
        if (piece !== undefined) return controller.enqueue(piece);
        stop();
        controller.close();
      } catch (error) {
        stop();
        throw error;
      }
    },
    async cancel(reason) {
      stop();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
