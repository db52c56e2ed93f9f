import { writeAtomic } from "../../files/mod.ts";
import { loadManifest } from "../manifest/load.ts";
import { BuildrInputError } from "../input_error.ts";
import type { Manifest } from "../manifest/model.ts";
import { type SecretText, setSecretTexts } from "./edit_manifest.ts";
import { open, seal } from "./envelope.ts";
import { SecretError, type SecretProblem } from "./errors.ts";
import { findIdentities, recipientsOf } from "./identity.ts";

/** Options of everything that reads or writes the secrets of a manifest. */
export interface SecretStoreOptions {
  /** The runner's environment. Default `Deno.env.toObject()`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** How a secret of a manifest is. */
export interface SecretState {
  /** Its name. */
  readonly name: string;
  /** What is wrong; `undefined` when it can be decrypted. */
  readonly problem: SecretProblem | undefined;
  /** The sentence for it. */
  readonly message: string | undefined;
  /** Whether the value is so short that hiding it would hide half of the output too. */
  readonly isShort: boolean;
}

/** A value shorter than this is in every text. */
const SHORT = 6;

/**
 * Encrypts values for the recipients of a manifest and writes them into its file.
 *
 * Permissions: `--allow-read` and `--allow-write` of the manifest.
 *
 * @param manifest The manifest, of version 2.
 * @param values Values by name.
 * @returns Names of those that are new.
 * @throws {SecretError} when there are no recipients, or a value comes from elsewhere.
 * @throws {BuildrInputError} when the manifest cannot be changed in place.
 */
export async function setSecrets(
  manifest: Manifest,
  values: ReadonlyMap<string, string>,
  options: SecretStoreOptions & { readonly as?: "variable" | "file" } = {},
): Promise<readonly string[]> {
  const recipients = await recipientsFor(manifest, options);
  const changes = new Map<string, SecretText>();
  for (const [name, value] of values) {
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      throw new BuildrInputError(`${JSON.stringify(name)} cannot be the name of a variable`);
    }
    const known = manifest.secrets.get(name);
    if (known !== undefined && known.from.kind !== "age") {
      const message = `Cannot set secret "${name}": its value comes from "${known.from.kind}"`;
      throw new BuildrInputError(message);
    }
    const age = await seal(value, { name, scope: manifest.project, recipients });
    changes.set(name, { age, ...options.as === undefined ? {} : { as: options.as } });
  }
  await writeSecrets(manifest, changes);
  return [...changes.keys()].filter((name) => !manifest.secrets.has(name));
}

/**
 * Decrypts the ciphertexts of a manifest.
 *
 * @param manifest The manifest.
 * @param names Only these. Default all.
 * @throws {SecretError} when one cannot be decrypted, or there is no identity.
 */
export async function readSecrets(
  manifest: Manifest,
  names: readonly string[] = [],
  options: SecretStoreOptions = {},
): Promise<ReadonlyMap<string, string>> {
  const identities = await findIdentities(options);
  const values = new Map<string, string>();
  for (const { name, from } of manifest.secrets.values()) {
    if (from.kind !== "age" || (names.length > 0 && !names.includes(name))) continue;
    if (identities === undefined) throw noIdentity(name);
    const { ciphertext, scope } = from;
    values.set(name, await open(ciphertext, { name, scope, identities: identities.keys }));
  }
  return values;
}

/**
 * Encrypts the ciphertexts of a manifest anew, for the recipients that it has now.
 *
 * @param manifest The manifest.
 * @param names Only these. Default all.
 * @returns Names of those that were written.
 * @throws {SecretError} when one cannot be decrypted; nothing is written then.
 */
export async function rotateSecrets(
  manifest: Manifest,
  names: readonly string[] = [],
  options: SecretStoreOptions = {},
): Promise<readonly string[]> {
  for (const name of names) {
    if (manifest.secrets.get(name)?.from.kind === "age") continue;
    throw new BuildrInputError(`There is no encrypted secret ${JSON.stringify(name)}`);
  }
  const values = await readSecrets(manifest, names, options);
  if (values.size > 0) await setSecrets(manifest, values, options);
  return [...values.keys()];
}

/**
 * Tries every ciphertext of a manifest.
 *
 * @param manifest The manifest.
 * @returns One state for each; values are not in it.
 */
export async function checkSecrets(
  manifest: Manifest,
  options: SecretStoreOptions = {},
): Promise<readonly SecretState[]> {
  const identities = await findIdentities(options);
  const states: SecretState[] = [];
  for (const { name, from } of manifest.secrets.values()) {
    if (from.kind !== "age") continue;
    const { ciphertext, scope } = from;
    try {
      if (identities === undefined) throw noIdentity(name);
      const value = await open(ciphertext, { name, scope, identities: identities.keys });
      const isShort = value.length < SHORT;
      states.push({ name, problem: undefined, message: undefined, isShort });
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      states.push({ name, problem: error.problem, message: error.message, isShort: false });
    }
  }
  return states;
}

function noIdentity(name: string): SecretError {
  return new SecretError(
    "no-identity",
    [name],
    `Cannot decrypt secret "${name}": there is no identity; set "BUILDR_AGE_KEY" or ` +
      `"BUILDR_AGE_KEY_FILE", or write the key to "~/.config/buildr/key.txt"`,
  );
}

async function recipientsFor(
  manifest: Manifest,
  options: SecretStoreOptions,
): Promise<readonly string[]> {
  if (manifest.version !== 2) {
    throw new BuildrInputError(
      `Cannot keep secrets in "${manifest.source.file}": write "version: 2"`,
    );
  }
  const recipients = manifest.recipients.map(({ value }) => value);
  if (recipients.length > 0) return recipients;
  const identities = await findIdentities(options);
  const own = identities === undefined ? [] : await recipientsOf(identities.keys);
  const hint = own.length === 0
    ? '"superorch buildr secret keygen" makes a key'
    : `your own is "recipients: [${own.join(", ")}]"`;
  throw new SecretError(
    "bad-recipient",
    [],
    `Cannot encrypt: "${manifest.source.file}" has no "recipients"; ${hint}`,
  );
}

async function writeSecrets(
  manifest: Manifest,
  changes: ReadonlyMap<string, SecretText>,
): Promise<void> {
  const { path, source, directory } = manifest;
  const text = await setSecretTexts(source.text, changes);
  {
    // Two that write at once wait for each other; the second one then sees that the file is new.
    using held = await Deno.open(path);
    await held.lock(true);
    // Somebody may have saved the file in an editor meanwhile.
    const now = await Deno.readTextFile(path);
    const mark = now.startsWith("\ufeff") ? "\ufeff" : "";
    if (now.slice(mark.length) !== source.text) {
      throw new BuildrInputError(`Cannot write "${source.file}": it was changed meanwhile`);
    }
    await writeAtomic(path, mark + text);
  }
  const names = [...changes.keys()].join(", ");
  const again = await loadManifest({
    file: path,
    path: directory,
    allowUndeclaredSecrets: true,
  });
  for (const [name, { age }] of changes) {
    const from = again.secrets.get(name)?.from;
    if (from?.kind === "age" && from.ciphertext === age) continue;
    throw new BuildrInputError(`Cannot find ${names} in "${source.file}" after writing it`);
  }
}
