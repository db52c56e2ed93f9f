import { errorMessage } from "../errors/error_message.ts";
import { abortableFetch } from "../retry/mod.ts";
import { RegistryConnectionError } from "./errors.ts";

/** One HTTP request. */
export interface HttpRequest {
  /** What is wanted, for errors. */
  readonly action: string;
  /** HTTP method. */
  readonly method: string;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What is sent. */
  readonly body?: Uint8Array<ArrayBuffer>;
}

const MAX_REDIRECTS = 5;

/** Sends HTTP requests to a registry, and to where it leads. */
export class Http implements Disposable {
  readonly #baseUrl: URL;
  readonly #caCerts: readonly string[];
  #direct: Deno.HttpClient | undefined;
  #client: Deno.HttpClient | undefined;

  /** Opens nothing yet. */
  constructor(baseUrl: URL, caCerts: readonly string[]) {
    this.#baseUrl = baseUrl;
    this.#caCerts = caCerts;
  }

  /**
   * Sends a request, and follows where it leads.
   *
   * @throws {RegistryConnectionError} when nothing answers.
   * @throws {unknown} the signal's reason when it is aborted.
   */
  async send(
    url: URL,
    request: HttpRequest,
    signal: AbortSignal,
    authorization?: string,
  ): Promise<Response> {
    const { action, method, body } = request;
    let at = url;
    for (let redirects = 0;; redirects++) {
      let response: Response;
      try {
        response = await abortableFetch(at.href, {
          method,
          headers: {
            // What is compressed on the way has another digest.
            "accept-encoding": "identity",
            ...request.headers,
            // Where a registry sends its blobs from is not who may see the password.
            ...(authorization === undefined || at.origin !== url.origin ? {} : { authorization }),
          },
          ...(body === undefined ? {} : { body }),
          signal,
          redirect: "manual",
          client: this.#clientFor(at),
        });
      } catch (cause) {
        throw connectionFailure(action, at, cause, signal);
      }
      const location = response.headers.get("location");
      const follows = [301, 302, 303, 307, 308].includes(response.status) && location !== null &&
        (method === "GET" || method === "HEAD");
      if (!follows) return response;
      await response.body?.cancel();
      const next = URL.parse(location, at);
      const problem = next === null
        ? "it redirects to what is no URL"
        : redirects === MAX_REDIRECTS
        ? `it redirects more than ${MAX_REDIRECTS} times`
        : at.protocol === "https:" && next.protocol !== "https:"
        ? `it redirects to ${next.origin}, without TLS`
        : undefined;
      if (next === null || problem !== undefined) {
        throw new RegistryConnectionError({ action, url: shownUrl(at), reason: problem ?? "" });
      }
      at = next;
    }
  }

  /** Closes the connections. */
  [Symbol.dispose](): void {
    this.#client?.close();
    this.#direct?.close();
    this.#client = undefined;
    this.#direct = undefined;
  }

  // Deno takes HTTP_PROXY from the environment, also for this machine itself.
  #clientFor({ origin }: URL): Deno.HttpClient {
    const { protocol, hostname, port } = this.#baseUrl;
    if (origin === this.#baseUrl.origin && protocol === "http:" && isLoopback(hostname)) {
      this.#direct ??= Deno.createHttpClient({
        proxy: {
          transport: "tcp",
          hostname: hostname.replace(/^\[|\]$/g, ""),
          port: Number(port || 80),
        },
      });
      return this.#direct;
    }
    this.#client ??= Deno.createHttpClient({ caCerts: [...this.#caCerts] });
    return this.#client;
  }
}

/**
 * Makes an error of what a request, or the reading of its answer, failed with.
 *
 * @returns The signal's reason where that is why.
 */
export function connectionFailure(
  action: string,
  url: URL,
  cause: unknown,
  signal: AbortSignal,
): unknown {
  if (signal.aborted) return signal.reason;
  const reason = reasonOf(cause);
  return new RegistryConnectionError({ action, url: shownUrl(url), reason }, { cause });
}

/** Whether a host is this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/.test(hostname);
}

/** A URL without its query, which may hold keys. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

// hyper says "error sending request for url (…): client error (Connect): …"; the last is the why.
function reasonOf(cause: unknown): string {
  let deepest = cause;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  const text = errorMessage(deepest);
  const line = (text.split("\n")[0] ?? "").replace(/^.*client error \([A-Za-z]+\): /, "");
  return line.replace(/ \(os error \d+\)/g, "").replace(/^error sending request for url \S+: /, "");
}
