import type { Command } from "../lib/deps/commander.ts";
import { ExitCode } from "./exit_code.ts";
import { UsageError } from "./usage_error.ts";

/** Where the coordinator is, as flags and the environment say. */
export interface ClientFlags {
  /** Its address. */
  readonly coordinator?: string;
  /** File with its token. */
  readonly tokenFile?: string;
}

/** A build, as the API gives it. */
export interface RemoteBuild {
  readonly id: string;
  readonly number: number;
  readonly status: string;
  readonly attempt: number;
  readonly agent?: string;
  readonly reason?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly submitted_at: number;
  readonly started_at?: number;
  readonly finished_at?: number;
  readonly job: { readonly repo: string; readonly branch?: string; readonly commit?: string };
}

/** An event, as the API gives it. */
export interface RemoteEvent {
  readonly id: number;
  readonly attempt: number;
  readonly type: string;
  readonly stage?: string;
  readonly status?: string;
  readonly data?: string;
}

const DEFAULT_COORDINATOR = "http://127.0.0.1:8420";
/** How often a broken stream is taken up again before that is a failure. */
const MAX_RECONNECTS = 20;

/** Adds the flags that say where the coordinator is. */
export function addClientFlags(command: Command): Command {
  return command
    .option(
      "--coordinator <url>",
      `the coordinator (default: $BUILDR_COORDINATOR, or ${DEFAULT_COORDINATOR})`,
    )
    .option("--token-file <file>", "file with its token (default: $BUILDR_TOKEN)") as Command;
}

/** The coordinator is not there, or no help. */
export class CoordinatorError extends Error {
  /** The name of the class. */
  override readonly name = "CoordinatorError";
}

/** Asks a coordinator. */
export class CoordinatorClient {
  readonly #url: string;
  readonly #token: string | undefined;

  private constructor(url: string, token: string | undefined) {
    this.#url = url;
    this.#token = token;
  }

  /** @throws {UsageError} when the flags or the environment make no sense. */
  static async of(
    flags: ClientFlags,
    env: (name: string) => string | undefined = Deno.env.get,
  ): Promise<CoordinatorClient> {
    const text = flags.coordinator ?? (env("BUILDR_COORDINATOR") || DEFAULT_COORDINATOR);
    let url: URL;
    try {
      url = new URL(text);
    } catch {
      throw new UsageError(`The coordinator's address "${text}" is not a URL`);
    }
    if (!/^https?:$/.test(url.protocol)) {
      throw new UsageError(`The coordinator's address "${text}" is neither http nor https`);
    }
    const token = flags.tokenFile === undefined
      ? env("BUILDR_TOKEN") || undefined
      : await readToken(flags.tokenFile);
    return new CoordinatorClient(url.href.replace(/\/$/, ""), token);
  }

  /** Address of a page for people. */
  page(path: string): string {
    return `${this.#url}${path}`;
  }

  /** Asks, and reads the answer. @throws {UsageError | CoordinatorError} when it is a refusal. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.#fetch(method, path, body);
    return await response.json();
  }

  /** The text of an answer as it comes. */
  async stream(path: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return (await this.#fetch("GET", path)).body!;
  }

  /** Events of a build from the first on, to its result. A broken stream is taken up again. */
  async *events(id: string): AsyncIterable<RemoteEvent> {
    let after = 0;
    for (let broken = 0;; broken++) {
      try {
        const path = `/api/v1/builds/${encodeURIComponent(id)}/events?after=${after}`;
        for await (const { event, data } of serverSentEvents(await this.stream(path))) {
          if (event === "end") return;
          const value: RemoteEvent = JSON.parse(data);
          after = value.id;
          broken = 0;
          yield value;
        }
      } catch (error) {
        if (broken >= MAX_RECONNECTS || error instanceof UsageError) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(2_000, 100 * (broken + 1))));
    }
  }

  async #fetch(method: string, path: string, body?: unknown): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.#url}${path}`, {
        method,
        redirect: "error",
        headers: {
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw new CoordinatorError(`The coordinator at ${this.#url} does not answer`, { cause });
    }
    if (response.ok) return response;
    const text = await response.text();
    const message = `The coordinator refuses: ${problemsOf(text, response.status)}`;
    if (response.status >= 500 || response.status === 429) {
      throw new CoordinatorError(message);
    }
    throw new UsageError(message);
  }
}

/** The exit code that says how a build ended. */
export function endOf(status: string | undefined): ExitCode | undefined {
  if (status === "passed") return undefined;
  const codes: Readonly<Record<string, number>> = { failed: 1, timeout: 124, canceled: 130 };
  return new ExitCode(codes[status ?? ""] ?? 255);
}

function problemsOf(text: string, status: number): string {
  try {
    const { problems } = JSON.parse(text);
    if (Array.isArray(problems)) return problems.join("\n  ");
  } catch {
    // a proxy in between, perhaps
  }
  return `status ${status}`;
}

/**
 * Reads a token: the first of the file, which may be the one that the coordinator reads its tokens
 * from.
 *
 * @throws {UsageError} when there is none.
 */
export async function readToken(path: string): Promise<string> {
  const [token] = await readTokenLines(path);
  if (token === undefined) throw new UsageError(`The file "${path}" has no token`);
  return token;
}

/** Tokens: one on each line of a file; empty lines and those that begin with `#` do not count. */
export async function readTokenLines(path: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new UsageError(`Cannot read the token in "${path}": ${(error as Error).message}`);
  }
  return text.split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Reads a stream of server-sent events, as far as ours need it. */
async function* serverSentEvents(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncIterable<{ readonly event: string; readonly data: string }> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      let [event, data] = ["message", ""];
      for (const line of block.split("\n")) {
        if (line.startsWith("event: ")) event = line.slice(7);
        if (line.startsWith("data: ")) data += line.slice(6);
      }
      if (data !== "") yield { event, data };
    }
  }
}
