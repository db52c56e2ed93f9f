import { errorMessage } from "../../errors/error_message.ts";

/** Where a secret comes from: its bytes or text, a file, or a variable of the environment. */
export type BuildSecret =
  | Uint8Array
  | string
  | { readonly file: string }
  | { readonly env: string };

/** A secret cannot be had. */
export class BuildSecretError extends Error {
  /** The name of the class. */
  override readonly name: string = "BuildSecretError";
  /** The id that the Dockerfile asks for. */
  readonly id: string;

  /** Makes the message from the fields. */
  constructor(id: string, reason: string, options?: ErrorOptions) {
    super(`Cannot give secret "${id}" to a build: ${reason}`, options);
    this.id = id;
  }
}

/** BuildKit takes no larger ones. */
const MAX_SECRET_BYTES = 500 * 1024;

/**
 * Reads all secrets, before anything is built.
 *
 * Permissions: `--allow-read=FILE`, `--allow-env=NAME`, as far as they are asked for.
 *
 * @param secrets By id.
 * @param readEnv Reads a variable.
 * @returns The bytes by id.
 * @throws {BuildSecretError} when a file or variable is not there, or a secret is too large.
 */
export async function readSecrets(
  secrets: Readonly<Record<string, BuildSecret>>,
  readEnv: (name: string) => string | undefined,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const bytesById = new Map<string, Uint8Array>();
  for (const [id, secret] of Object.entries(secrets)) {
    const bytes = await readSecret(id, secret, readEnv);
    if (bytes.length > MAX_SECRET_BYTES) {
      throw new BuildSecretError(
        id,
        `it has ${bytes.length} bytes, ${MAX_SECRET_BYTES} are allowed`,
      );
    }
    bytesById.set(id, bytes);
  }
  return bytesById;
}

async function readSecret(
  id: string,
  secret: BuildSecret,
  readEnv: (name: string) => string | undefined,
): Promise<Uint8Array> {
  if (typeof secret === "string") return new TextEncoder().encode(secret);
  if (secret instanceof Uint8Array) return secret;
  if ("env" in secret) {
    const value = readEnv(secret.env);
    if (value === undefined) throw new BuildSecretError(id, `variable "${secret.env}" is not set`);
    return new TextEncoder().encode(value);
  }
  try {
    return await Deno.readFile(secret.file);
  } catch (cause) {
    const reason = errorMessage(cause);
    throw new BuildSecretError(id, `file "${secret.file}": ${reason}`, { cause });
  }
}
