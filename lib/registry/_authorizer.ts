import { parseChallenges } from "./_challenge.ts";
import type { CredentialResolver, RegistryCredential } from "./credentials.ts";

/** A request to a token server, and what came back. */
export type AskTokenServer = (
  url: URL,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string;
  },
  signal: AbortSignal | undefined,
) => Promise<unknown>;

/** What an {@linkcode Authorizer} knows from the start. */
export interface AuthorizerOptions {
  /** As names of images have it, for example `docker.io`. */
  readonly registry: string;
  /** Where the registry is. */
  readonly baseUrl: URL;
  /** Asked when the registry wants to know who asks, and not before. */
  readonly credentials: CredentialResolver;
  /** Sends a request; fails with a typed error. */
  readonly ask: AskTokenServer;
}

interface Token {
  readonly header: string;
  readonly endsAt: number;
}

interface TokenServer {
  readonly realm: URL;
  readonly service: string | undefined;
}

/** What the specification says where a token server says nothing. */
const DEFAULT_SECONDS = 60;

/**
 * Logs in to one registry, once for each scope, and keeps the tokens as long as they are good.
 *
 * @see https://distribution.github.io/distribution/spec/auth/token/
 * @see https://distribution.github.io/distribution/spec/auth/oauth/
 */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #tokens = new Map<string, Token>();
  #server: TokenServer | undefined;
  #basic: string | undefined;

  /** Asks nobody yet. */
  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /**
   * The header for a request, as far as the registry has said before what it wants.
   *
   * @param scopes What the request needs, for example `repository:app:pull`.
   */
  async header(scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined> {
    if (this.#server === undefined) return this.#basic;
    const known = this.#tokens.get(scopes.join(" "));
    if (known !== undefined && known.endsAt > performance.now()) return known.header;
    return await this.#token(this.#server, scopes, scopes, signal);
  }

  /**
   * The header for another try, after the registry answered 401.
   *
   * @param challenge Its `WWW-Authenticate` header.
   * @param scopes What the request needs.
   * @returns `undefined` where nothing better than before can be said.
   */
  async answer(
    challenge: string | null,
    scopes: readonly string[],
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    this.#tokens.delete(scopes.join(" "));
    const offers = parseChallenges(challenge ?? "");
    const bearer = offers.find(({ scheme }) => scheme === "bearer")?.parameters;
    const realm = URL.parse(bearer?.["realm"] ?? "", this.#options.baseUrl);
    if (bearer !== undefined && realm !== null) {
      const server = { realm, service: bearer["service"] };
      this.#server = server;
      const wanted = new Set([...scopes, ...(bearer["scope"]?.split(" ") ?? [])]);
      return await this.#token(server, scopes, [...wanted].filter((scope) => scope !== ""), signal);
    }
    if (!offers.some(({ scheme }) => scheme === "basic")) return undefined;
    const credential = await this.#credential(signal);
    const header = basicHeader(credential) ?? registryToken(credential);
    this.#basic = header;
    return header;
  }

  #credential(signal: AbortSignal | undefined): Promise<RegistryCredential | undefined> {
    const { credentials, registry } = this.#options;
    return credentials.get(registry, signal === undefined ? {} : { signal });
  }

  async #token(
    { realm, service }: TokenServer,
    key: readonly string[],
    scopes: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const credential = await this.#credential(signal);
    const ready = registryToken(credential);
    if (ready !== undefined) return ready;
    if (credential !== undefined) this.#requireSafe(realm);
    const refresh = credential?.identitytoken;
    const fields = new URLSearchParams(service === undefined ? {} : { service });
    const url = new URL(realm);
    let answer: unknown;
    if (refresh !== undefined) {
      fields.set("grant_type", "refresh_token");
      fields.set("client_id", "superorch");
      fields.set("refresh_token", refresh);
      if (scopes.length > 0) fields.set("scope", scopes.join(" "));
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const init = { method: "POST", headers, body: fields.toString() };
      answer = await this.#options.ask(url, init, signal);
    } else {
      for (const scope of scopes) fields.append("scope", scope);
      if (credential?.username !== undefined) fields.set("account", credential.username);
      for (const [name, value] of fields) url.searchParams.append(name, value);
      const basic = basicHeader(credential);
      const headers: Record<string, string> = basic === undefined ? {} : { authorization: basic };
      answer = await this.#options.ask(url, { method: "GET", headers }, signal);
    }
    const token = readToken(answer);
    if (token === undefined) return undefined;
    this.#tokens.set(key.join(" "), token);
    return token.header;
  }

  #requireSafe(realm: URL): void {
    const { baseUrl, registry } = this.#options;
    if (realm.protocol === "https:" || baseUrl.protocol !== "https:") return;
    throw new TypeError(
      `Cannot log in to ${registry}: it wants the password sent to ${realm.origin}, without TLS`,
    );
  }
}

function registryToken(credential: RegistryCredential | undefined): string | undefined {
  const token = credential?.registrytoken;
  return token === undefined ? undefined : `Bearer ${token}`;
}

function basicHeader(credential: RegistryCredential | undefined): string | undefined {
  if (credential?.username === undefined || credential.password === undefined) return undefined;
  const pair = new TextEncoder().encode(`${credential.username}:${credential.password}`);
  return `Basic ${pair.toBase64()}`;
}

function readToken(answer: unknown): Token | undefined {
  if (typeof answer !== "object" || answer === null) return undefined;
  const { token, access_token: access, expires_in: seconds } = answer as Record<string, unknown>;
  const value = typeof token === "string" && token !== "" ? token : access;
  // A header cannot carry anything else, and no token does.
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) return undefined;
  const lifetime = typeof seconds === "number" && seconds > 0 ? seconds : DEFAULT_SECONDS;
  // A token that ends while its request is under way is of no use.
  return { header: `Bearer ${value}`, endsAt: performance.now() + lifetime * 800 };
}
