import type { EngineClient } from "../../client.ts";
import { grpcHandler, type GrpcMethods } from "./grpc.ts";
import { Http2Server } from "./_http2_server.ts";

/** What a session offers to the daemon. */
export interface BuildSessionOptions {
  /** Methods by path; {@linkcode healthService} should be among them. */
  readonly methods: GrpcMethods;
  /** Shown in the daemon's logs. Default `superorch`. */
  readonly name?: string;
  /** Lets the daemon keep and reuse files that were sent in an earlier session with the same key. */
  readonly sharedKey?: string;
  /** Ends the attempt and, later, the session. */
  readonly signal?: AbortSignal;
}

/**
 * A connection on which a BuildKit daemon calls us while it builds: for secrets, credentials and
 * files. We are the gRPC server on a connection that we opened (`POST /session`, upgraded to h2c).
 *
 * One session serves one build: the daemon's calls do not say which build they belong to.
 */
export class BuildSession implements AsyncDisposable {
  /** What the build names as its session. */
  readonly id: string;
  readonly #server: Http2Server;
  readonly #unlisten: () => void;

  private constructor(id: string, server: Http2Server, signal: AbortSignal | undefined) {
    this.id = id;
    this.#server = server;
    const end = () => void server[Symbol.asyncDispose]();
    signal?.addEventListener("abort", end, { once: true });
    this.#unlisten = () => signal?.removeEventListener("abort", end);
    if (signal?.aborted) end();
  }

  /**
   * Opens a session.
   *
   * @param engine The engine that will build.
   * @param options What the session offers.
   * @returns The session, ready for a build; dispose it after the build.
   * @throws {EngineApiError} when the engine knows no sessions.
   * @throws {EngineConnectionError} when the connection fails.
   */
  static async open(engine: EngineClient, options: BuildSessionOptions): Promise<BuildSession> {
    const { methods, name = "superorch", sharedKey, signal } = options;
    const id = crypto.randomUUID();
    const wire = await engine.hijack({
      method: "POST",
      path: "/session",
      headers: {
        "X-Docker-Expose-Session-Uuid": id,
        "X-Docker-Expose-Session-Name": name,
        ...(sharedKey === undefined ? {} : { "X-Docker-Expose-Session-Sharedkey": sharedKey }),
        ...methodHeaders(Object.keys(methods)),
      },
      signal,
    }, "h2c");
    return new BuildSession(id, new Http2Server(wire, grpcHandler(methods)), signal);
  }

  /**
   * Settles when the connection has ended and all calls are over; rejects with
   * {@linkcode Http2Error} when the daemon broke the protocol.
   */
  get finished(): Promise<void> {
    return this.#server.finished;
  }

  /** Ends the session; a build that still needs it fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#unlisten();
    await this.#server[Symbol.asyncDispose]();
  }
}

const METHOD_HEADER = "x-docker-expose-session-grpc-method";

/**
 * One header line for each method. A record has each name once, so the lines differ in the case of
 * their letters: names of HTTP/1 headers have none, and the daemon collects all lines.
 */
function methodHeaders(paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(paths.map((path, index) => {
    let letters = 0;
    const name = METHOD_HEADER.replace(
      /[a-z]/g,
      (letter) => ((index >> letters++) & 1) === 1 ? letter.toUpperCase() : letter,
    );
    return [name, path];
  }));
}
