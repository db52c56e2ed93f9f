import { SecretError } from "./errors.ts";

/** Where identities are looked for. */
export interface IdentityOptions {
  /** The runner's environment. Default `Deno.env.toObject()`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/** Identities, and where they were found. */
export interface FoundIdentities {
  /** The secret keys. */
  readonly keys: readonly string[];
  /** For people: `BUILDR_AGE_KEY`, or the path of a file. */
  readonly from: string;
}

/**
 * Finds the identities that decrypt: `BUILDR_AGE_KEY` (the key itself), then `BUILDR_AGE_KEY_FILE`
 * (a file of age), then `~/.config/buildr/key.txt`. The first that is there is taken.
 *
 * Permissions: `--allow-read` of the file; `--allow-env` unless `env` is given.
 *
 * @returns Them; `undefined` when there are none.
 * @throws {SecretError} when what is there cannot be read, or is no identity.
 */
export async function findIdentities(
  options: IdentityOptions = {},
): Promise<FoundIdentities | undefined> {
  const env = options.env ?? Deno.env.toObject();
  const direct = env["BUILDR_AGE_KEY"]?.trim();
  if (direct) return { keys: keysOf(direct, "BUILDR_AGE_KEY"), from: "BUILDR_AGE_KEY" };
  const named = env["BUILDR_AGE_KEY_FILE"];
  const path = named || defaultKeyPath(env);
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = await Deno.readTextFile(path, { signal: options.signal });
  } catch (error) {
    options.signal?.throwIfAborted();
    const isAbsent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (isAbsent && !named) return undefined;
    const reason = isAbsent
      ? "there is no such file"
      : error instanceof Deno.errors.PermissionDenied
      ? "it is not allowed"
      : (error as Error).message;
    throw new SecretError("no-identity", [], `Cannot read the identity "${path}": ${reason}`);
  }
  return { keys: keysOf(text, `"${path}"`), from: path };
}

/**
 * Where `secret keygen` writes, and where an identity is looked for last.
 *
 * @param env The runner's environment.
 * @returns The path; `undefined` without a home directory.
 */
export function defaultKeyPath(env: Readonly<Record<string, string>>): string | undefined {
  const config = env["XDG_CONFIG_HOME"];
  if (config?.startsWith("/")) return `${config}/buildr/key.txt`;
  const home = env["HOME"];
  return home ? `${home}/.config/buildr/key.txt` : undefined;
}

// The format of age-keygen: one key per line, and comments.
function keysOf(text: string, from: string): readonly string[] {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const isKey = (line: string) => /^AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+$/.test(line);
  if (lines.length === 0 || !lines.every(isKey)) {
    throw new SecretError(
      "bad-identity",
      [],
      `Cannot use the identity in ${from}: it must be lines that begin with "AGE-SECRET-KEY-1"`,
    );
  }
  return lines;
}

/** A new key pair. */
export interface KeyPair {
  /** The secret key. */
  readonly identity: string;
  /** The public key, for `recipients`. */
  readonly recipient: string;
}

/** Makes a new key pair. */
export async function generateKeyPair(): Promise<KeyPair> {
  const age = await import("../../deps/age.ts");
  const identity = await age.generateX25519Identity();
  return { identity, recipient: await age.identityToRecipient(identity) };
}

/**
 * The public keys of secret keys.
 *
 * @param keys The secret keys.
 */
export async function recipientsOf(keys: readonly string[]): Promise<readonly string[]> {
  const age = await import("../../deps/age.ts");
  try {
    return await Promise.all(keys.map((key) => age.identityToRecipient(key)));
  } catch (error) {
    throw new SecretError(
      "bad-identity",
      [],
      "Cannot use the identity: its checksum or length is wrong",
      { cause: error },
    );
  }
}

/**
 * Writes a new identity into a file that only its owner can read, as `age-keygen` does.
 *
 * Permissions: `--allow-write` of the file and its directory.
 *
 * @param path The file; it must not exist.
 * @param pair The key pair.
 * @throws {Deno.errors.AlreadyExists} when the file exists.
 */
export async function writeIdentity(path: string, pair: KeyPair, nowMs: number): Promise<void> {
  const directory = path.slice(0, path.lastIndexOf("/"));
  if (directory !== "") await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  const created = new Date(nowMs).toISOString().replace(/\.\d+/, "");
  const text = `# created: ${created}\n# public key: ${pair.recipient}\n${pair.identity}\n`;
  await Deno.writeTextFile(path, text, { createNew: true, mode: 0o600 });
}
