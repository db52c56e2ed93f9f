import { SecretError } from "./errors.ts";

/** What a ciphertext contains, so that it is of no use under another name. */
interface Envelope {
  readonly v: 1;
  readonly name: string;
  readonly scope: string;
  readonly value: string;
}

/**
 * Encrypts a value for some recipients.
 *
 * Inside is `{v: 1, name, scope, value}`: a ciphertext that is copied under another name, or into
 * the manifest of another `project`, is refused when it is opened.
 *
 * @param value The value.
 * @param options Its name, its scope (the `project` of the manifest; empty for none), and who can decrypt.
 * @returns An age file in base64, on one line.
 * @throws {SecretError} when there are no recipients, or one is wrong.
 */
export async function seal(
  value: string,
  options: {
    readonly name: string;
    readonly scope?: string;
    readonly recipients: readonly string[];
  },
): Promise<string> {
  const { name, scope = "", recipients } = options;
  if (recipients.length === 0) {
    throw new SecretError("bad-recipient", [name], `Cannot encrypt "${name}": no recipients`);
  }
  const age = await import("../../deps/age.ts");
  const encrypter = new age.Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (error) {
      const message = `Cannot encrypt "${name}": ${JSON.stringify(recipient)} is no recipient`;
      throw new SecretError("bad-recipient", [name], message, { cause: error });
    }
  }
  const envelope: Envelope = { v: 1, name, scope, value };
  return (await encrypter.encrypt(JSON.stringify(envelope))).toBase64();
}

/**
 * Decrypts a value.
 *
 * @param ciphertext An age file in base64, or armored.
 * @param options The name that it stands under, the scope, and the secret keys.
 * @throws {SecretError} when it is damaged, was made for other keys, or for another name.
 */
export async function open(
  ciphertext: string,
  options: {
    readonly name: string;
    readonly scope?: string;
    readonly identities: readonly string[];
  },
): Promise<string> {
  const { name, scope = "", identities } = options;
  const age = await import("../../deps/age.ts");
  const fail = (
    problem: "damaged" | "not-a-recipient" | "other-name" | "bad-identity",
    why: string,
  ) => new SecretError(problem, [name], `Cannot decrypt secret "${name}": ${why}`);
  let bytes: Uint8Array;
  try {
    bytes = ciphertext.includes("-----BEGIN AGE")
      ? age.armor.decode(ciphertext)
      : Uint8Array.fromBase64(ciphertext);
  } catch {
    throw fail("damaged", 'it is neither base64 nor an armored file of "age"');
  }
  if (!new TextDecoder().decode(bytes.subarray(0, 22)).startsWith("age-encryption.org/v1\n")) {
    throw fail("damaged", "it is no ciphertext of age");
  }
  const decrypter = new age.Decrypter();
  for (const identity of identities) {
    try {
      decrypter.addIdentity(identity);
    } catch {
      throw fail("bad-identity", "an identity is damaged: its checksum or length is wrong");
    }
  }
  let plain: string;
  try {
    plain = await decrypter.decrypt(bytes, "text");
  } catch (error) {
    if (/no identity matched/i.test(String(error))) {
      throw fail("not-a-recipient", "it was not encrypted for the identity that is here");
    }
    throw fail("damaged", "the ciphertext is damaged");
  }
  const envelope = parseEnvelope(plain);
  if (envelope === undefined) {
    throw fail(
      "damaged",
      `it has no envelope with its name; write it with "superorch buildr secret set ${name}"`,
    );
  }
  if (envelope.name !== name) {
    throw fail("other-name", `it was made for the name ${JSON.stringify(envelope.name)}`);
  }
  if (envelope.scope !== scope) {
    const made = envelope.scope === "" ? "no project" : `project ${JSON.stringify(envelope.scope)}`;
    const here = scope === "" ? 'has no "project"' : `is of ${JSON.stringify(scope)}`;
    throw fail("other-name", `it was made for ${made}, and this manifest ${here}`);
  }
  return envelope.value;
}

function parseEnvelope(text: string): Envelope | undefined {
  try {
    const value = JSON.parse(text) as Partial<Envelope> | null;
    const isOne = value?.v === 1 && typeof value.name === "string" &&
      typeof value.value === "string" && typeof (value.scope ?? "") === "string";
    return isOne ? { ...value, scope: value.scope ?? "" } as Envelope : undefined;
  } catch {
    return undefined;
  }
}
