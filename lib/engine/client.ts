import { type CredentialResolver, dockerCredentials } from "../registry/mod.ts";
import { concatBytes } from "./_bytes.ts";
import { abortable } from "../retry/mod.ts";
import { abortableFetch, abortableHead } from "../retry/abortable_fetch.ts";
import { bodyReader } from "../retry/_body_reader.ts";
import { type EngineEndpoint, formatEndpoint } from "./endpoint.ts";
import {
  EngineApiError,
  engineApiError,
  EngineConnectionError,
  EngineVersionError,
} from "./errors.ts";
import { hijack, type HijackedStream } from "./hijack.ts";
import { describeConnectionFailure } from "./connection_failure.ts";
import { jsonLines } from "./json_lines.ts";
import { openTransport, type Transport } from "./transport.ts";
import { compareVersions, MAX_API_VERSION, MIN_API_VERSION } from "./api_version.ts";
import { Upload } from "./_upload.ts";
import { ContainerApi } from "./container_api.ts";
import { ExecApi } from "./exec_api.ts";
import { ImageApi } from "./image_api.ts";
import { NetworkApi } from "./network_api.ts";
import { SystemApi } from "./system_api.ts";
import { VolumeApi } from "./volume_api.ts";

/** A value in a query string; `undefined` leaves the name out, a list repeats it. */
export type QueryValue = string | number | boolean | undefined | readonly string[];

/** One call of the engine's API. */
export interface EngineCall {
  /** HTTP method. */
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Path without the version, for example `/containers/json`. */
  readonly path: string;
  /** Query string; objects for `filters` and the like are the caller's to encode. */
  readonly query?: Readonly<Record<string, QueryValue>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, for example a tar stream. */
  readonly body?: BodyInit;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses that are no failure besides 2xx. */
  readonly accept?: readonly number[];
  /** What the call is about where the path does not say it; shown in errors. */
  readonly subject?: string;
  /** Called when the engine has accepted the call, which may be long before the answer's body. */
  readonly onAccepted?: () => void;
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** How a client is opened. */
export interface OpenEngineOptions {
  /** The API version to speak, for example `1.41`; default: what both sides know. */
  readonly apiVersion?: string;
  /** What pulls, pushes and builds show to registries. Default: what `docker login` keeps. */
  readonly credentials?: CredentialResolver;
  /** Ends the attempt. */
  readonly signal?: AbortSignal;
}

/**
 * A client for one engine: typed calls by resource, and the two ways below them.
 *
 * @example
 * ```ts no-eval
 * import { connectEngine } from "@superorch/superorch/engine";
 *
 * await using engine = await connectEngine();
 * console.log((await engine.system.version()).Version);
 * ```
 */
export class EngineClient implements AsyncDisposable {
  /** The engine, as `DOCKER_HOST` has it. */
  readonly host: string;
  /** Where it listens. */
  readonly endpoint: EngineEndpoint;
  /** The API version that is spoken, for example `1.41`. */
  readonly apiVersion: string;
  /** Whose engine it is; podman's differs in a few places. */
  readonly flavour: "docker" | "podman";
  /** Calls about containers. */
  readonly containers: ContainerApi;
  /** Calls about programs run inside containers. */
  readonly execs: ExecApi;
  /** Calls about images. */
  readonly images: ImageApi;
  /** Calls about networks. */
  readonly networks: NetworkApi;
  /** Calls about volumes. */
  readonly volumes: VolumeApi;
  /** Calls about the engine itself. */
  readonly system: SystemApi;
  /** What pulls, pushes and builds show to registries. */
  readonly credentials: CredentialResolver;
  readonly #transport: Transport;
  #disposal: Promise<void> | undefined;

  /** Use {@linkcode EngineClient.open} or `connectEngine`. */
  private constructor(
    endpoint: EngineEndpoint,
    transport: Transport,
    { apiVersion, flavour }: Agreement,
    credentials: CredentialResolver,
  ) {
    this.endpoint = endpoint;
    this.host = formatEndpoint(endpoint);
    this.apiVersion = apiVersion;
    this.flavour = flavour;
    this.credentials = credentials;
    this.#transport = transport;
    this.containers = new ContainerApi(this);
    this.execs = new ExecApi(this);
    this.images = new ImageApi(this);
    this.networks = new NetworkApi(this);
    this.volumes = new VolumeApi(this);
    this.system = new SystemApi(this);
  }

  /**
   * Connects to the engine at one place and agrees on an API version.
   *
   * @param endpoint Where it listens.
   * @param options Version and signal.
   * @returns The client; dispose it to close its connections.
   * @throws {EngineConnectionError} when nothing answers there.
   * @throws {EngineVersionError} when it speaks only versions that are too old.
   * @throws {TypeError} when `apiVersion` is not a version.
   */
  static async open(
    endpoint: EngineEndpoint,
    options: OpenEngineOptions = {},
  ): Promise<EngineClient> {
    const host = formatEndpoint(endpoint);
    const { apiVersion } = options;
    if (apiVersion !== undefined && !VERSION.test(apiVersion)) {
      throw new TypeError(
        `Cannot use API version ${JSON.stringify(apiVersion)}: it must look like "1.41"`,
      );
    }
    let transport: Transport;
    try {
      options.signal?.throwIfAborted();
      transport = await openTransport(endpoint, options.signal);
    } catch (cause) {
      throw await connectionError(host, undefined, "connect", cause, options.signal);
    }
    try {
      const agreement = await negotiate(host, transport, options);
      const credentials = options.credentials ?? dockerCredentials();
      return new EngineClient(endpoint, transport, agreement, credentials);
    } catch (error) {
      await transport[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Makes one call.
   *
   * @param call What to send.
   * @returns The answer; its body must be read or cancelled. Reading throws
   * {@linkcode EngineConnectionError} where the connection breaks.
   * @throws {EngineApiError} when the engine refuses; the class tells the cause.
   * @throws {EngineVersionError} when it has given up this version of the API.
   * @throws {EngineConnectionError} when the connection fails.
   */
  async request(call: EngineCall): Promise<Response> {
    const response = await this.#answer(call);
    if (response.body === null) return response;
    const body = withTypedErrors(response.body, (cause) => this.#failure(call, cause));
    return new Response(body, { status: response.status, headers: response.headers });
  }

  /**
   * Makes one call and reads its JSON answer.
   *
   * @param call What to send.
   * @returns The parsed body. Nothing checks its shape.
   */
  async json<T>(call: EngineCall): Promise<T> {
    const response = await this.#answer(call, true);
    try {
      // The one that answers in two steps says so; everything else comes in one piece.
      if (call.onAccepted === undefined) return await abortable(response.json(), call.signal) as T;
      return await readJson(response.body ?? new Blob().stream(), call.signal) as T;
    } catch (cause) {
      throw await this.#failure(call, cause);
    }
  }

  /**
   * Makes one call whose answer is a stream of JSON values, one a line.
   *
   * @param call What to send.
   * @returns The values; stop iterating to end the call.
   */
  async jsonLines<T>(call: EngineCall): Promise<AsyncGenerator<T, void, void>> {
    const response = await this.#answer(call);
    const fail = (cause: unknown) => this.#failure(call, cause);
    const lines = jsonLines<T>(response.body ?? new Blob().stream());
    const { next } = lines;
    lines.next = () => next().catch(async (cause) => Promise.reject(await fail(cause)));
    return lines;
  }

  /**
   * Makes one call whose answer does not matter beyond its status.
   *
   * @param call What to send.
   * @returns The status.
   */
  async status(call: EngineCall): Promise<number> {
    const response = await this.#answer(call, true);
    await response.body?.cancel();
    return response.status;
  }

  /**
   * Makes one call that turns into a raw connection.
   *
   * @param call What to send; `json` is its body. Its `signal` ends the attempt; the stream lives
   * until it is disposed of.
   * @param upgrade The protocol to ask for. Default `tcp`.
   * @returns The raw stream. Its end says only that the engine closed it: a daemon that dies looks
   * like a program that ends, and `wait` or `inspect` tells which it was.
   * @throws {EngineApiError} when the engine refuses.
   * @throws {EngineConnectionError} when the connection fails.
   */
  async hijack(call: EngineCall, upgrade: "tcp" | "h2c" = "tcp"): Promise<HijackedStream> {
    let answer;
    try {
      call.signal?.throwIfAborted();
      const connection = await this.#transport.connect(call.signal);
      using _abort = closeOnAbort(connection, call.signal);
      answer = await hijack(connection, {
        method: call.method,
        target: `/v${this.apiVersion}${call.path}${queryString(call.query)}`,
        host: this.#transport.hostHeader,
        upgrade,
        headers: call.headers,
        body: call.json === undefined ? undefined : JSON.stringify(call.json),
      });
    } catch (cause) {
      throw await this.#failure(call, cause);
    }
    if ("read" in answer) {
      // The signal's work ended with the opening.
      return typedStream(answer, (cause) => this.#failure({ ...call, signal: undefined }, cause));
    }
    throw this.#refusal(call, answer.status, answer.body);
  }

  /** Closes all connections; a second time does nothing. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= Promise.resolve(this.#transport[Symbol.asyncDispose]());
    return this.#disposal;
  }

  async #answer(call: EngineCall, isWhole = false): Promise<Response> {
    const upload = call.body instanceof ReadableStream ? new Upload(call.body) : undefined;
    const sent = upload === undefined ? call : { ...call, body: upload.stream };
    let response: Response;
    try {
      response = await send(this.#transport, `/v${this.apiVersion}`, sent, isWhole);
      if (!response.ok && !call.accept?.includes(response.status)) {
        throw this.#refusal(call, response.status, await readStart(response));
      }
    } catch (cause) {
      await upload?.end();
      if (call.signal?.aborted !== true && upload?.failure !== undefined) {
        throw upload.failure.error;
      }
      if (cause instanceof EngineApiError || cause instanceof EngineVersionError) throw cause;
      throw await this.#failure(call, cause);
    }
    call.onAccepted?.();
    return response;
  }

  #refusal(call: EngineCall, status: number, body: string): Error {
    const reason = reasonOf(body);
    const version = /client version \S+ is too (?:new|old).* ([\d.]+)/i.exec(reason)?.[1];
    if (status === 400 && version !== undefined) {
      return new EngineVersionError(this.host, version, this.apiVersion);
    }
    const { method, path, subject } = call;
    return engineApiError({ method, path, status, reason, subject });
  }

  #failure(call: EngineCall, cause: unknown): Promise<unknown> {
    const request = `${call.method} ${call.path}`;
    return connectionError(this.host, this.#transport, request, cause, call.signal);
  }
}

function send(
  transport: Transport,
  prefix: string,
  call: EngineCall,
  isWhole = false,
): Promise<Response> {
  const url = `${transport.baseUrl}${prefix}${call.path}${queryString(call.query)}`;
  const headers: Record<string, string> = {
    // Deno asks for gzip by default and the daemon then compresses archives: 100 MB took 2.1 s
    // instead of 0.3 s.
    "accept-encoding": "identity",
    ...(call.json === undefined ? {} : { "content-type": "application/json" }),
    ...call.headers,
  };
  return (isWhole ? abortableHead : abortableFetch)(url, {
    method: call.method,
    headers,
    body: call.json === undefined ? call.body : JSON.stringify(call.json),
    signal: call.signal,
    redirect: "error",
    ...(transport.httpClient === undefined ? {} : { client: transport.httpClient }),
  });
}

const VERSION = /^\d+\.\d+$/;

interface Agreement {
  readonly apiVersion: string;
  readonly flavour: "docker" | "podman";
}

async function negotiate(
  host: string,
  transport: Transport,
  options: OpenEngineOptions,
): Promise<Agreement> {
  let response: Response;
  let text: string;
  try {
    response = await send(transport, "", {
      method: "GET",
      path: "/_ping",
      signal: options.signal,
    });
    text = await readStart(response);
  } catch (cause) {
    throw await connectionError(host, transport, "GET /_ping", cause, options.signal);
  }
  const theirs = response.headers.get("api-version");
  if (theirs === null || !VERSION.test(theirs)) {
    const said = response.ok ? "" : `: it says ${response.status} ${quoted(reasonOf(text))}`;
    const reason = `what answers there is not an engine${said}`;
    throw new EngineConnectionError(host, "GET /_ping", reason);
  }
  if (!response.ok) {
    throw engineApiError({
      method: "GET",
      path: "/_ping",
      status: response.status,
      reason: reasonOf(text),
    });
  }
  const flavour = response.headers.has("libpod-api-version") ? "podman" : "docker";
  if (compareVersions(theirs, MIN_API_VERSION) < 0) {
    throw new EngineVersionError(host, theirs, `${MIN_API_VERSION} or newer`);
  }
  if (options.apiVersion !== undefined) {
    if (compareVersions(options.apiVersion, theirs) > 0) {
      throw new EngineVersionError(host, theirs, options.apiVersion);
    }
    return { apiVersion: options.apiVersion, flavour };
  }
  const apiVersion = compareVersions(theirs, MAX_API_VERSION) < 0 ? theirs : MAX_API_VERSION;
  return { apiVersion, flavour };
}

function queryString(query: Readonly<Record<string, QueryValue>> | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    if (typeof value === "object") { for (const item of value) parameters.append(name, item); }
    else parameters.append(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** An error's body is short; more is not read. */
const MAX_REFUSAL_BYTES = 64 * 1024;

async function readStart(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    parts.push(chunk);
    length += chunk.length;
    if (length >= MAX_REFUSAL_BYTES) break;
  }
  return new TextDecoder().decode(concatBytes(parts));
}

function reasonOf(body: string): string {
  try {
    const { message } = JSON.parse(body);
    if (typeof message === "string" && message.trim() !== "") return message.trim();
  } catch {
    // not JSON: the text itself is all there is
  }
  return body.trim().slice(0, 1000) || "the engine gave no reason";
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

async function connectionError(
  host: string,
  transport: Transport | undefined,
  request: string,
  cause: unknown,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  // Who gave the signal knows best why: a time-out stays a time-out.
  if (signal?.aborted) return signal.reason;
  if (cause instanceof EngineConnectionError) return cause;
  const reason = await transport?.explain?.() ?? describeConnectionFailure(cause);
  return new EngineConnectionError(host, request, reason, { cause });
}

// What comes long after its head is read by hand: an abort then ends the connection too, after a
// garbage collection as before it.
async function readJson(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const reader = bodyReader(body);
  const onAbort = () => void reader.cancel(signal?.reason).catch(() => {}); // it has failed itself
  signal?.addEventListener("abort", onAbort, { once: true });
  const decoder = new TextDecoder();
  let text = "";
  try {
    if (signal?.aborted) onAbort();
    for (let piece = await reader.read(); piece !== undefined; piece = await reader.read()) {
      text += decoder.decode(piece, { stream: true });
    }
    signal?.throwIfAborted();
    return JSON.parse(text + decoder.decode());
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

// fetch reports a connection that breaks in mid-body as a TypeError without a word of the call.
function withTypedErrors(
  body: ReadableStream<Uint8Array>,
  fail: (cause: unknown) => Promise<unknown>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = bodyReader(body);
  return new ReadableStream({
    async pull(controller) {
      try {
        const piece = await reader.read();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      } catch (cause) {
        controller.error(await fail(cause));
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

function typedStream(
  stream: HijackedStream,
  fail: (cause: unknown) => Promise<unknown>,
): HijackedStream {
  const typed = <T>(promise: Promise<T>): Promise<T> =>
    promise.catch(async (cause) => Promise.reject(await fail(cause)));
  return {
    contentType: stream.contentType,
    read: () => typed(stream.read()),
    write: (bytes) => typed(stream.write(bytes)),
    closeWrite: () => typed(stream.closeWrite()),
    [Symbol.dispose]: () => stream[Symbol.dispose](),
  };
}

function closeOnAbort(connection: Deno.Conn, signal: AbortSignal | undefined): Disposable {
  if (signal?.aborted) {
    connection.close();
    throw signal.reason;
  }
  const close = () => {
    try {
      connection.close();
    } catch {
      // closed already
    }
  };
  signal?.addEventListener("abort", close, { once: true });
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", close) };
}
