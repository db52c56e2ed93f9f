import { HttpError } from "./http_error.ts";
import { RateLimit, type RateLimitOptions } from "./rate_limit.ts";
import { bearerToken, type Tokens } from "./tokens.ts";

/** Who may ask for what. */
export interface GuardOptions {
  /** What lets write. */
  readonly tokens: Tokens;
  /** Whether only this machine can reach it. */
  readonly isLoopback: boolean;
  /** Names under which it is reached beside those of loopback. */
  readonly names: readonly string[];
  /** How much a client may write. */
  readonly writes: RateLimitOptions;
}

const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Decides about requests before anybody looks into them.
 *
 * Without a token the loopback interface is no protection from web pages that the person at this
 * machine looks at: they can send requests here (refused by `Origin` and `Sec-Fetch-Site`), and
 * give their own name this machine's address (refused by `Host`).
 */
export class Guard {
  readonly #options: GuardOptions;
  readonly #writes: RateLimit;

  /** @param options Who may. */
  constructor(options: GuardOptions) {
    this.#options = options;
    this.#writes = new RateLimit(options.writes);
  }

  /** @throws {HttpError} 421 when the request is meant for somebody else. */
  checkHost(request: Request, url: URL): void {
    const { isLoopback, names } = this.#options;
    if (!isLoopback && names.length === 0) return;
    const host = (request.headers.get("host") ?? url.host).toLowerCase();
    const name = host.replace(/:\d+$/, "");
    const isKnown = [...LOOPBACK_NAMES, ...names.map((known) => known.toLowerCase())].some(
      (known) => known === name || known === host,
    );
    if (!isKnown) throw new HttpError(421, `This server is not known as ${JSON.stringify(name)}`);
  }

  /** @throws {HttpError} 403 when a page of another site has sent the request. */
  checkOrigin(request: Request, url: URL): void {
    const site = request.headers.get("sec-fetch-site");
    const mode = request.headers.get("sec-fetch-mode");
    // Somebody may follow a link to a page from anywhere.
    const isLink = request.method === "GET" && mode === "navigate";
    if (site !== null && !["same-origin", "none"].includes(site) && !isLink) {
      throw new HttpError(403, "Pages of other sites may not ask here");
    }
    const origin = request.headers.get("origin");
    if (origin === null) return;
    const host = request.headers.get("host") ?? url.host;
    let originHost: string | undefined;
    try {
      originHost = new URL(origin).host;
    } catch {
      // "null", or nothing that a browser sends
    }
    if (originHost !== host.toLowerCase()) {
      throw new HttpError(403, "Pages of other sites may not ask here");
    }
  }

  /** @throws {HttpError} 429 when a client writes too much. */
  checkRate(client: string): void {
    const seconds = this.#writes.take(client);
    if (seconds > 0) {
      throw new HttpError(429, `Too many requests: try again after ${seconds} s`, {
        "retry-after": String(seconds),
      });
    }
  }

  /**
   * @param token What the client has named, where not in `Authorization`.
   * @throws {HttpError} 401 when a token is wanted and there is none, or a wrong one.
   */
  async checkToken(
    request: Request,
    token: string | undefined = bearerToken(request.headers.get("authorization")),
  ): Promise<void> {
    const { tokens } = this.#options;
    if (!tokens.isRequired) return;
    if (token !== undefined && await tokens.has(token)) return;
    throw new HttpError(
      401,
      token === undefined ? "This needs a token" : "The token is not known",
      { "www-authenticate": 'Bearer realm="buildr"' },
    );
  }
}

/** Whether an address is reached from this machine only. */
export function isLoopbackAddress(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[|\]$/g, "");
  return name === "localhost" || name === "::1" || /^127\.\d+\.\d+\.\d+$/.test(name);
}
