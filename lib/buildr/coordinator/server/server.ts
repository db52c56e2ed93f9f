import { AGENTS_PATH, tokenOf } from "../../queue/embedded/protocol.ts";
import type { Coordinator } from "../coordinator.ts";
import { makeAssets } from "../page/assets.ts";
import { apiRoutes } from "./api_routes.ts";
import { Guard, isLoopbackAddress } from "./guard.ts";
import { asHttpError, HttpError } from "./http_error.ts";
import { errorPage, pageRoutes } from "./page_routes.ts";
import type { RateLimitOptions } from "./rate_limit.ts";
import { findRoute, type Route } from "./routes.ts";
import { bearerToken, Tokens } from "./tokens.ts";
import type { WebhookOptions } from "./webhooks.ts";

/** How a coordinator is served. */
export interface ServerOptions {
  /** Who does the work; it is not closed. */
  readonly coordinator: Coordinator;
  /** Address to listen at. Default `127.0.0.1`. */
  readonly hostname?: string;
  /** Port. Default 8420; 0 for any that is free. */
  readonly port?: number;
  /** What lets write. Default none, which is enough on the loopback interface only. */
  readonly tokens?: readonly string[];
  /**
   * Names, with or without a port, under which it is reached beside `localhost` and its like; others
   * are refused then. Default: on loopback none, elsewhere any.
   */
  readonly names?: readonly string[];
  /** How much one address may write. Default 50 a second, 500 at once. */
  readonly writes?: RateLimitOptions;
  /** Webhooks. Default none. */
  readonly webhooks?: WebhookOptions;
  /** How many event streams may be open. Default 500. */
  readonly maxStreams?: number;
  /** Answers agents that connect here; the embedded transport does. Default nobody. */
  readonly agents?: { handleUpgrade(request: Request): Response };
  /** Told about defects, and about whatever else nobody is answered. Default nobody. */
  readonly onProblem?: (error: unknown) => void;
}

/** A server that listens; disposing it ends streams, and then everything else. */
export interface CoordinatorServer extends AsyncDisposable {
  /** Its address, for example `http://127.0.0.1:8420`. */
  readonly url: string;
}

/** It may not listen there without a token. */
export class UnguardedError extends Error {
  /** The name of the class. */
  override readonly name = "UnguardedError";
}

/** Port of a coordinator that names none. */
export const DEFAULT_PORT = 8420;
/** How long answers that are on their way may take at the end. */
const SHUTDOWN_MS = 3_000;

/**
 * Serves the JSON API of a coordinator, its pages, webhooks, and agents without a broker.
 *
 * Permissions: `--allow-net` of the address.
 *
 * @throws {UnguardedError} when it would be reached from elsewhere and asks for no token.
 * @throws {Deno.errors.AddrInUse} when somebody else listens there.
 */
export async function startServer(options: ServerOptions): Promise<CoordinatorServer> {
  const { hostname = "127.0.0.1", port = DEFAULT_PORT, tokens = [] } = options;
  const isLoopback = isLoopbackAddress(hostname);
  if (!isLoopback && tokens.length === 0) {
    throw new UnguardedError(
      `Cannot listen at ${hostname} without a token: everybody who reaches it could start builds`,
    );
  }
  const handler = new Handler(options, await Tokens.of(tokens), await makeAssets(), isLoopback);
  const hard = new AbortController();
  const server = Deno.serve({
    hostname,
    port,
    signal: hard.signal,
    onListen: () => {},
    onError: (error) => {
      options.onProblem?.(error);
      return new Response(null, { status: 500 });
    },
  }, (request, info) => handler.answer(request, info.remoteAddr.hostname));
  const shown = hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname;
  return {
    url: `http://${shown}:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      handler.endStreams();
      const timer = setTimeout(() => hard.abort(), SHUTDOWN_MS);
      await server.shutdown();
      clearTimeout(timer);
      await server.finished;
    },
  };
}

class Handler {
  readonly #options: ServerOptions;
  readonly #guard: Guard;
  readonly #routes: readonly Route[];
  readonly #assets: Awaited<ReturnType<typeof makeAssets>>;
  readonly #requests = new Map<number, number>();
  readonly #ending = new AbortController();
  #streams = 0;

  constructor(
    options: ServerOptions,
    tokens: Tokens,
    assets: Awaited<ReturnType<typeof makeAssets>>,
    isLoopback: boolean,
  ) {
    const { coordinator, webhooks = {}, names = [], agents } = options;
    this.#options = options;
    this.#assets = assets;
    this.#guard = new Guard({
      tokens,
      isLoopback,
      names,
      writes: options.writes ?? { perSecond: 50, burst: 500 },
    });
    this.#routes = [
      ...apiRoutes({
        coordinator,
        webhooks,
        requests: this.#requests,
        signal: this.#ending.signal,
        openStream: (stream) => this.#openStream(stream),
      }),
      ...pageRoutes(coordinator, assets),
      ...(agents === undefined ? [] : [
        {
          method: "GET",
          path: AGENTS_PATH,
          access: "own",
          handle: ({ request }) => this.#upgrade(request, agents),
        } satisfies Route,
      ]),
    ];
  }

  endStreams(): void {
    this.#ending.abort();
  }

  async answer(request: Request, client: string): Promise<Response> {
    let response: Response;
    const url = new URL(request.url);
    try {
      response = await this.#route(request, url, client);
    } catch (thrown) {
      response = this.#failure(thrown, request, url);
    }
    if (request.method === "HEAD" && response.body !== null) {
      // Nobody would ever read it, and a stream would stay open.
      await response.body.cancel();
      response = new Response(null, response);
    }
    this.#requests.set(response.status, (this.#requests.get(response.status) ?? 0) + 1);
    // What upgrades a connection is not ours any more.
    return response.status === 101 ? response : secured(response);
  }

  async #route(request: Request, url: URL, client: string): Promise<Response> {
    const { pathname } = url;
    const isHook = pathname.startsWith("/hooks/");
    // Hooks come from elsewhere under any name, and prove themselves.
    if (!isHook) {
      this.#guard.checkHost(request, url);
      this.#guard.checkOrigin(request, url);
    }
    const { route, parts } = findRoute(this.#routes, request.method, pathname);
    if (route.access === "write" || isHook) this.#guard.checkRate(client);
    if (route.access === "write") await this.#guard.checkToken(request);
    return await route.handle({ request, url, parts });
  }

  async #upgrade(
    request: Request,
    agents: NonNullable<ServerOptions["agents"]>,
  ): Promise<Response> {
    const token = tokenOf(request.headers.get("sec-websocket-protocol")) ??
      bearerToken(request.headers.get("authorization"));
    await this.#guard.checkToken(request, token);
    return agents.handleUpgrade(request);
  }

  #failure(thrown: unknown, request: Request, url: URL): Response {
    const error = asHttpError(thrown);
    if (error.status >= 500) this.#options.onProblem?.(thrown);
    const isForPeople = !/^\/(?:api|hooks|metrics|healthz)/.test(url.pathname) &&
      (request.headers.get("accept") ?? "").includes("text/html");
    const response = isForPeople
      ? errorPage(error, this.#options.coordinator, this.#assets)
      : Response.json({ status: error.status, problems: error.problems }, { status: error.status });
    for (const [name, value] of Object.entries(error.headers)) response.headers.set(name, value);
    return response;
  }

  #openStream(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const { maxStreams = 500 } = this.#options;
    if (this.#streams >= maxStreams) {
      stream.cancel();
      throw new HttpError(503, `There are ${maxStreams} event streams already`, {
        "retry-after": "10",
      });
    }
    this.#streams++;
    const reader = stream.getReader();
    let isOpen = true;
    const close = () => {
      if (isOpen) this.#streams--;
      isOpen = false;
    };
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          close();
          controller.close();
        } catch (error) {
          close();
          controller.error(error);
        }
      },
      cancel(reason) {
        close();
        return reader.cancel(reason);
      },
    }, { highWaterMark: 0 });
  }
}

const SECURITY: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

function secured(response: Response): Response {
  const { headers } = response;
  for (const [name, value] of Object.entries(SECURITY)) headers.set(name, value);
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  return response;
}
