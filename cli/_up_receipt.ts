/**
 * What `up --detach` notes after it has found or made everything as it should be, so that the same
 * command can see with one question to the engine that there is nothing to do. Reading and checking
 * compose files takes 0.1 s, this 0.01 s. It is a cache: whatever is not exactly as it was noted, a
 * byte of a file, a variable, a container, leads to the long way.
 *
 * It imports nothing, because loading code is most of the time.
 */

/** A container as it should be. */
export interface ReceiptContainer {
  /** Id on the engine. */
  readonly id: string;
  /** Reference of its image, which the engine lists as long as the name means that image. */
  readonly image: string;
  /** Whether it should run, or have ended with exit code 0. */
  readonly state: "running" | "done";
}

/** What is noted. */
export interface Receipt {
  /** Version of superorch that wrote it. */
  readonly version: string;
  /** Digest of all variables. */
  readonly env: string;
  /** Digest of each file, `null` for one that was looked for in vain. */
  readonly files: Readonly<Record<string, string | null>>;
  /** Path of the engine's socket. */
  readonly socket: string;
  /** Sockets that are looked at before that one, and where nobody listened. */
  readonly silent: readonly string[];
  /** Labels of the project's containers. */
  readonly labels: readonly string[];
  /** Everything that carries them. */
  readonly containers: readonly ReceiptContainer[];
  /** Whether those with a health check must be healthy. */
  readonly healthy: boolean;
  /** What is printed on standard error, without colours and with them. */
  readonly text: { readonly plain: string; readonly coloured: string };
}

/** Past this an engine is busy, and the long way can say so. */
const ENGINE_MS = 2_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

async function readReceipt(
  args: readonly string[],
  version: string,
): Promise<Receipt["text"] | undefined> {
  try {
    const path = await receiptPath(args);
    if (path === undefined) return undefined;
    const receipt = JSON.parse(await Deno.readTextFile(path)) as Receipt;
    if (receipt.version !== version) return undefined;
    const answer = containersOf(receipt); // the engine answers while the files are read
    const [same, isThere] = await Promise.all([isSame(receipt), answer]);
    return same && isThere ? receipt.text : undefined;
  } catch {
    return undefined; // the long way finds out what is wrong, and says it
  }
}

/**
 * Prints what the command would, if everything is as an earlier run of it has noted.
 *
 * @param args The words of the command line.
 * @param version Version of superorch.
 * @returns Whether that was all there is to do.
 */
export async function printIfUp(args: readonly string[], version: string): Promise<boolean> {
  const text = await readReceipt(args, version);
  if (text === undefined) return false;
  const isColoured = Deno.stderr.isTerminal() && !Deno.noColor;
  const bytes = new TextEncoder().encode(isColoured ? text.coloured : text.plain);
  try {
    for (let done = 0; done < bytes.length;) done += Deno.stderr.writeSync(bytes.subarray(done));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error; // nobody wants to know
  }
  return true;
}

/**
 * Where the note of a command line is.
 *
 * @param args Its words.
 * @returns A path, `undefined` where there is no place for caches.
 */
export async function receiptPath(args: readonly string[]): Promise<string | undefined> {
  const base = Deno.env.get("XDG_CACHE_HOME");
  const home = Deno.env.get("HOME");
  const root = base?.startsWith("/") ? base : home ? `${home}/.cache` : undefined;
  if (root === undefined) return undefined;
  return `${root}/superorch/up/${
    (await digest([Deno.cwd(), ...args].join("\0"))).slice(0, 32)
  }.json`;
}

/** Digest of all variables but the one that every shell sets anew for each command. */
export function envDigest(): Promise<string> {
  const variables = Object.entries(Deno.env.toObject()).filter(([name]) => name !== "_");
  return digest(JSON.stringify(variables.toSorted(([a], [b]) => a < b ? -1 : 1)));
}

/** Digest of a file, `null` where there is none. */
export async function fileDigest(path: string): Promise<string | null> {
  try {
    return await digest(await Deno.readFile(path));
  } catch {
    return null;
  }
}

async function digest(content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function isSame({ env, files, silent }: Receipt): Promise<boolean> {
  const answers = await Promise.all([
    envDigest().then((now) => now === env),
    ...Object.entries(files).map(async ([path, noted]) => await fileDigest(path) === noted),
    ...silent.map((path) => isSilent(path)),
  ]);
  return answers.every(Boolean);
}

async function isSilent(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return false;
  } catch {
    return true;
  }
}

interface Listed {
  readonly Id: string;
  readonly Image: string;
  readonly State: string;
  readonly Status: string;
}

async function containersOf(receipt: Receipt): Promise<boolean> {
  const filters = encodeURIComponent(JSON.stringify({ label: receipt.labels }));
  const listed = await ask(receipt.socket, `/containers/json?all=1&filters=${filters}`) as Listed[];
  if (listed.length !== receipt.containers.length) return false;
  const byId = new Map(listed.map((one) => [one.Id, one]));
  return receipt.containers.every(({ id, image, state }) => {
    const there = byId.get(id);
    if (there === undefined || there.Image !== image) return false;
    if (state === "done") return there.State === "exited" && there.Status.startsWith("Exited (0)");
    return there.State === "running" &&
      !(receipt.healthy && /\((?:health: starting|unhealthy)\)/.test(there.Status));
  });
}

// HTTP/1.0, so that the answer ends with the connection: `fetch` would cost 5 ms of its own.
async function ask(socket: string, path: string): Promise<unknown> {
  using connection = await Deno.connect({ transport: "unix", path: socket });
  const timer = setTimeout(() => connection.close(), ENGINE_MS);
  try {
    await connection.write(
      new TextEncoder().encode(`GET ${path} HTTP/1.0\r\nHost: localhost\r\n\r\n`),
    );
    const decoder = new TextDecoder();
    let text = "";
    const buffer = new Uint8Array(65_536);
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) break;
      text += decoder.decode(buffer.subarray(0, count), { stream: true });
      if (text.length > MAX_ANSWER_BYTES) throw new RangeError("The answer is too long");
    }
    const end = text.indexOf("\r\n\r\n");
    if (!/^HTTP\/1\.[01] 200 /.test(text)) throw new Error(text.slice(0, 100));
    return JSON.parse(text.slice(end + 4));
  } finally {
    clearTimeout(timer);
  }
}
