/** A credential helper failed, or is not there. */
export class CredentialHelperError extends Error {
  /** The name of the class. */
  override readonly name: string = "CredentialHelperError";
  /** The program, for example `docker-credential-pass`. */
  readonly helper: string;
  /** `get`, `store`, `erase` or `list`. */
  readonly action: string;
  /** Exit code; absent when it could not be run. */
  readonly exitCode?: number;
  /** Why, in one line; never a secret. */
  readonly reason: string;

  /** Makes the message from the fields. */
  constructor(
    fields: Pick<CredentialHelperError, "helper" | "action" | "exitCode" | "reason">,
    options?: ErrorOptions,
  ) {
    super(`Cannot run "${fields.helper} ${fields.action}": ${fields.reason}`, options);
    this.helper = fields.helper;
    this.action = fields.action;
    this.reason = fields.reason;
    if (fields.exitCode !== undefined) this.exitCode = fields.exitCode;
  }
}

/** What a helper keeps for one server. */
export interface HelperSecret {
  /** The server, as it was stored. */
  readonly ServerURL: string;
  /** User name; `<token>` when the secret is an identity token. */
  readonly Username: string;
  /** Password or token. */
  readonly Secret: string;
}

/** How a helper is run. */
export interface CredentialHelperOptions {
  /** Reads environment variables; only `PATH` is read. Default: that of this program. */
  readonly env?: (name: string) => string | undefined;
  /** Ends the program. */
  readonly signal?: AbortSignal;
}

const MAX_OUTPUT_BYTES = 1024 * 1024;

/**
 * A program `docker-credential-NAME`, which keeps passwords where the system keeps them.
 *
 * It is run with one word, reads from its input and answers on its output; a failure is told on
 * its output with exit code 1.
 *
 * Permissions: `--allow-run=docker-credential-NAME`.
 *
 * @see https://github.com/docker/docker-credential-helpers
 */
export class CredentialHelper {
  /** The program. */
  readonly program: string;
  readonly #options: CredentialHelperOptions;

  /**
   * Names a helper; nothing is run.
   *
   * @param name The part after `docker-credential-`.
   * @throws {TypeError} when the name holds more than a program's name.
   */
  constructor(name: string, options: CredentialHelperOptions = {}) {
    if (!/^[\w.-]+$/.test(name)) {
      throw new TypeError(`Cannot use credential helper ${JSON.stringify(name)}: it is not a name`);
    }
    this.program = `docker-credential-${name}`;
    this.#options = options;
  }

  /**
   * Asks for what is kept for a server.
   *
   * @returns The secret, or `undefined` when the helper knows none.
   * @throws {CredentialHelperError} when it fails otherwise.
   */
  async get(server: string): Promise<HelperSecret | undefined> {
    let output: string;
    try {
      output = await this.#run("get", server);
    } catch (error) {
      if (error instanceof CredentialHelperError && NOT_FOUND.test(error.reason)) return undefined;
      throw error;
    }
    const { Username, Secret, ServerURL } = this.#parse("get", output) as Partial<HelperSecret>;
    if (typeof Username !== "string" || typeof Secret !== "string") {
      throw this.#failure("get", "its answer has no Username and Secret");
    }
    return { ServerURL: typeof ServerURL === "string" ? ServerURL : server, Username, Secret };
  }

  /** Keeps a secret. */
  async store(secret: HelperSecret): Promise<void> {
    await this.#run("store", JSON.stringify(secret));
  }

  /** Forgets what is kept for a server. */
  async erase(server: string): Promise<void> {
    await this.#run("erase", server);
  }

  /** The servers that something is kept for, each with its user name. */
  async list(): Promise<Readonly<Record<string, string>>> {
    const value = this.#parse("list", await this.#run("list", ""));
    return value as Readonly<Record<string, string>>;
  }

  #parse(action: string, output: string): object {
    try {
      const value: unknown = JSON.parse(output);
      if (typeof value === "object" && value !== null) return value;
    } catch {
      // the parser's words would quote the answer, which may hold the secret
    }
    throw this.#failure(action, "its answer is not a JSON object");
  }

  #failure(action: string, reason: string, exitCode?: number, cause?: unknown): Error {
    return new CredentialHelperError(
      { helper: this.program, action, reason, exitCode },
      cause === undefined ? undefined : { cause },
    );
  }

  async #run(action: string, input: string): Promise<string> {
    const { signal, env } = this.#options;
    signal?.throwIfAborted();
    const path = env?.("PATH");
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command(this.program, {
        args: [action],
        env: path === undefined ? undefined : { PATH: path },
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
        signal,
      }).spawn();
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) {
        throw this.#failure(action, "it is not on PATH", undefined, cause);
      }
      if (cause instanceof Deno.errors.PermissionDenied) {
        throw this.#failure(action, "it may not be executed", undefined, cause);
      }
      throw cause;
    }
    const [status, output] = await Promise.all([
      child.status,
      readBounded(child.stdout),
      writeInput(child.stdin, input),
    ]);
    signal?.throwIfAborted();
    if (status.success) return output;
    const reason = output.trim().split("\n")[0] || `it ended with exit code ${status.code}`;
    throw this.#failure(action, reason.slice(0, 300), status.code);
  }
}

// The words of the reference implementation, which every helper repeats.
const NOT_FOUND = /credentials not found in native keychain|no credentials server URL|not found/i;

async function writeInput(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  try {
    const writer = stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // A helper that does not read its input says more with its answer.
  }
}

async function readBounded(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes <= MAX_OUTPUT_BYTES) text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
