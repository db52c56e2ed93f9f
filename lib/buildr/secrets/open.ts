import type { Secret } from "../manifest/model.ts";
import { open } from "./envelope.ts";
import { SecretError } from "./errors.ts";
import { findIdentities } from "./identity.ts";

/** Where values come from. */
export interface OpenSecretsOptions {
  /** Absolute path of the project, which paths of files begin with. */
  readonly directory: string;
  /** The runner's environment. Default `Deno.env.toObject()`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Values that are given by hand and go before all others, by name. */
  readonly given?: ReadonlyMap<string, string>;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/**
 * Gets the values of secrets, before anything is started.
 *
 * Permissions: `--allow-read` of identity and files; `--allow-env` unless `env` is given.
 *
 * @param secrets The declarations; those of the stages that will run.
 * @param options Where values come from.
 * @returns Values by name. Those that are optional and not there are left out.
 * @throws {SecretError} when one cannot be had; with every one that is missing at once.
 */
export async function openSecrets(
  secrets: readonly Secret[],
  options: OpenSecretsOptions,
): Promise<ReadonlyMap<string, string>> {
  const { directory, signal, given = new Map<string, string>() } = options;
  const env = options.env ?? Deno.env.toObject();
  const values = new Map<string, string>();
  const missing = new Map<string, string>();
  const sealed: { readonly secret: Secret; readonly ciphertext: string; readonly scope: string }[] =
    [];
  for (const secret of new Set(secrets)) {
    const { name, from } = secret;
    const byHand = given.get(name);
    if (byHand !== undefined) values.set(name, byHand);
    else if (from.kind === "age") sealed.push({ secret, ...from });
    else if (from.kind === "env") {
      const value = Object.hasOwn(env, from.variable) ? env[from.variable] : undefined;
      if (value !== undefined && value !== "") values.set(name, value);
      else if (!secret.optional) missing.set(name, `variable "${from.variable}" is not set`);
    } else {
      const value = await readValue(pathOf(from.path, directory, env), signal);
      if (typeof value === "string") values.set(name, value);
      else if (!secret.optional || !value.isAbsent) {
        missing.set(name, `file "${from.path}": ${value.reason}`);
      }
    }
  }
  const identities = sealed.length === 0 ? undefined : await findIdentities({ env, signal });
  for (const { secret, ciphertext, scope } of sealed) {
    const { name, optional } = secret;
    if (identities === undefined) {
      if (!optional) missing.set(name, "there is no identity to decrypt it with");
      continue;
    }
    try {
      values.set(name, await open(ciphertext, { name, scope, identities: identities.keys }));
    } catch (error) {
      const isForOthers = error instanceof SecretError && error.problem === "not-a-recipient";
      if (!(optional && isForOthers)) throw error;
    }
  }
  if (missing.size > 0) throw missingError(missing, sealed.length > 0 && identities === undefined);
  return values;
}

function missingError(missing: ReadonlyMap<string, string>, noIdentity: boolean): SecretError {
  const names = [...missing.keys()];
  const list = [...missing].map(([name, why]) => `"${name}" (${why})`).join(", ");
  const what = names.length === 1 ? "secret" : "secrets";
  const hint = noIdentity
    ? '; set "BUILDR_AGE_KEY" or "BUILDR_AGE_KEY_FILE", or write the key to ' +
      '"~/.config/buildr/key.txt"'
    : "";
  const problem = noIdentity ? "no-identity" : "missing";
  return new SecretError(problem, names, `Cannot get ${what} ${list}${hint}`);
}

function pathOf(path: string, directory: string, env: Readonly<Record<string, string>>): string {
  if (path.startsWith("~/") && env["HOME"]) return `${env["HOME"]}${path.slice(1)}`;
  return path.startsWith("/") ? path : `${directory}/${path}`;
}

async function readValue(
  path: string,
  signal: AbortSignal | undefined,
): Promise<string | { readonly reason: string; readonly isAbsent: boolean }> {
  try {
    return await Deno.readTextFile(path, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    const isAbsent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    const reason = isAbsent
      ? "there is no such file"
      : error instanceof Deno.errors.PermissionDenied
      ? "it is not allowed"
      : error instanceof Deno.errors.IsADirectory
      ? "it is a directory"
      : (error as Error).message;
    return { reason, isAbsent };
  }
}
