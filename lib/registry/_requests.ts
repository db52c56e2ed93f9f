import { TimeoutError } from "../errors/mod.ts";
import { exponentialBackoff, waitForOk } from "../retry/mod.ts";
import { parseJson, readAnswer, refusal, type RegistryAnswer, retryAfterMs } from "./_answer.ts";
import { Authorizer } from "./_authorizer.ts";
import { connectionFailure, Http, type HttpRequest, shownUrl } from "./_http.ts";
import type { CredentialResolver } from "./credentials.ts";
import {
  RegistryConnectionError,
  RegistryServerError,
  RegistryTooManyRequestsError,
} from "./errors.ts";

/** One call of a registry. */
export interface RegistryRequest extends HttpRequest {
  /** Where: relative to `/v2/`, or what the registry named. */
  readonly url: string | URL;
  /** What a token has to be good for. */
  readonly scopes: readonly string[];
  /** Statuses that are no failure. Default 200 to 299. */
  readonly expect?: readonly number[];
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** How {@linkcode Requests} are sent. */
export interface RequestsOptions {
  /** As names of images have it. */
  readonly registry: string;
  /** Scheme, host and port. */
  readonly baseUrl: URL;
  /** What opens it. */
  readonly credentials: CredentialResolver;
  /** How often a call is tried again that another try may help. */
  readonly retries: number;
  /** How long there may be no sign of life. */
  readonly stallTimeoutMs: number;
  /** Certificates of authorities, PEM. */
  readonly caCerts: readonly string[];
}

/** What is sent is given a second more for each of these. */
const SLOWEST_BYTES_PER_S = 64 * 1024;

/** The pause before a retry, number 1 being the first. */
export const retryPauseMs: (retry: number) => number = exponentialBackoff({
  firstMs: 250,
  maxMs: 5_000,
  jitter: 0.5,
});

/** Sends requests to one registry: with a login where it wants one, again where that may help. */
export class Requests implements Disposable {
  /** What it was made with. */
  readonly options: RequestsOptions;
  readonly #authorizer: Authorizer;
  readonly #http: Http;

  /** Sends nothing yet. */
  constructor(options: RequestsOptions) {
    this.options = options;
    const { registry, baseUrl, credentials, caCerts } = options;
    this.#http = new Http(baseUrl, caCerts);
    const action = `log in to ${registry}`;
    this.#authorizer = new Authorizer({
      registry,
      baseUrl,
      credentials,
      ask: async (url, init, signal) => {
        const body = init.body === undefined ? undefined : new TextEncoder().encode(init.body);
        const request = { action, ...init, body };
        const answer = await this.#readAll(
          request,
          url,
          signal,
          (stop) => this.#http.send(url, request, stop),
        );
        if (answer.status !== 200) throw refusal(action, init.method, url, answer);
        return parseJson(action, url, answer.body);
      },
    });
  }

  /**
   * Makes a call and reads its answer.
   *
   * @throws {RegistryError} when the registry refuses.
   * @throws {RegistryConnectionError} when it cannot be reached or is silent.
   * @throws {unknown} the signal's reason when it is aborted.
   */
  exchange(request: RegistryRequest): Promise<RegistryAnswer> {
    return this.retrying(request.signal, () => this.once(request));
  }

  /** As {@linkcode exchange}, without another try. */
  async once(request: RegistryRequest): Promise<RegistryAnswer> {
    const url = this.urlOf(request.url);
    const answer = await this.#readAll(
      request,
      url,
      request.signal,
      (stop) => this.#authorized(request, url, stop),
    );
    if (isExpected(request, answer.status)) return answer;
    throw refusal(request.action, request.method, url, answer);
  }

  /**
   * Makes a call whose answer is read by the caller, once.
   *
   * @param stop Ends the call and the answer.
   */
  async open(request: Omit<RegistryRequest, "signal">, stop: AbortSignal): Promise<Response> {
    const url = this.urlOf(request.url);
    const response = await this.#authorized(request, url, stop);
    if (isExpected(request, response.status)) return response;
    const { action, method } = request;
    let answer: RegistryAnswer;
    try {
      answer = await readAnswer(response);
    } catch (cause) {
      throw connectionFailure(action, url, cause, stop);
    }
    throw refusal(action, method, url, answer);
  }

  /**
   * Does something again, with growing pauses, as long as that may help.
   *
   * @throws {unknown} what the last try failed with.
   */
  async retrying<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    let last: { readonly error: unknown } | undefined;
    try {
      return await waitForOk({
        retries: this.options.retries,
        delayMs: (retry) => Math.max(retryPauseMs(retry), retryAfterMs(last?.error)),
        isRetryable,
        signal,
      }, async () => {
        try {
          return await work();
        } catch (error) {
          last = { error };
          throw error;
        }
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw last === undefined ? error : last.error;
    }
  }

  /** A URL from what a call or a registry's `Location` says. */
  urlOf(text: string | URL): URL {
    const { baseUrl } = this.options;
    const url = new URL(text, new URL("/v2/", baseUrl));
    // Behind a proxy that does the TLS, registries name themselves without it.
    if (baseUrl.protocol === "https:" && url.protocol === "http:" && url.host === baseUrl.host) {
      url.protocol = "https:";
    }
    return url;
  }

  /** Closes the connections. */
  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
  }

  async #readAll(
    { action, body }: Pick<HttpRequest, "action" | "body">,
    url: URL,
    signal: AbortSignal | undefined,
    ask: (stop: AbortSignal) => Promise<Response>,
  ): Promise<RegistryAnswer> {
    signal?.throwIfAborted();
    const stop = new AbortController();
    const onAbort = () => stop.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const timeoutMs = this.options.stallTimeoutMs +
      (body?.length ?? 0) / SLOWEST_BYTES_PER_S * 1000;
    const timer = setTimeout(() => stop.abort(silence(action, url, timeoutMs)), timeoutMs);
    try {
      const response = await ask(stop.signal);
      try {
        return await readAnswer(response);
      } catch (cause) {
        throw connectionFailure(action, url, cause, stop.signal);
      }
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #authorized(
    request: Omit<RegistryRequest, "signal">,
    url: URL,
    signal: AbortSignal,
  ): Promise<Response> {
    const { scopes } = request;
    const ours = url.origin === this.options.baseUrl.origin;
    const authorization = ours ? await this.#authorizer.header(scopes, signal) : undefined;
    const response = await this.#http.send(url, request, signal, authorization);
    if (response.status !== 401 || !ours) return response;
    const challenge = response.headers.get("www-authenticate");
    let better: string | undefined;
    try {
      better = await this.#authorizer.answer(challenge, scopes, signal);
    } catch (error) {
      await response.body?.cancel();
      throw error;
    }
    if (better === undefined || better === authorization) return response;
    await response.body?.cancel();
    return await this.#http.send(url, request, signal, better);
  }
}

/** Whether another try may help. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof RegistryServerError) return error.status !== 501;
  if (error instanceof RegistryTooManyRequestsError) return true;
  // Without a cause it answered, but not as a registry does; a silent one has had its time.
  return error instanceof RegistryConnectionError && error.cause !== undefined &&
    !(error.cause instanceof TimeoutError) && !(error.cause instanceof SyntaxError) &&
    !/certificate|invalid peer|corrupt message/i.test(error.reason);
}

/** The error of a registry that gives no sign of life; a time-out for `isTimeout()`. */
export function silence(action: string, url: URL, timeoutMs: number): RegistryConnectionError {
  const reason = `there was no answer for ${Math.round(timeoutMs)} ms`;
  const cause = new TimeoutError(reason);
  return new RegistryConnectionError({ action, url: shownUrl(url), reason }, { cause });
}

function isExpected({ expect }: Pick<RegistryRequest, "expect">, status: number): boolean {
  return expect === undefined ? status >= 200 && status < 300 : expect.includes(status);
}
