import type { CommandSpec } from "./command_spec.ts";
import { Redactor } from "./output/redactor.ts";

const SECRET_NAME = /TOKEN|PASSW|PASSPHRASE|SECRET|CREDENTIAL|KEY/i;

/** A variable that only looks like a secret may hold "us" or "true", which is in every text. */
const SHORTEST_GUESS = 6;

/**
 * Tells whether the value of an environment variable is to be hidden.
 *
 * @param spec The command.
 * @param name The variable's name.
 * @returns `true` when the command says so, or the name looks like it.
 */
export function isSecretEnv(spec: CommandSpec, name: string): boolean {
  return spec.secretEnv?.includes(name) === true || SECRET_NAME.test(name);
}

/**
 * Makes what replaces a command's secrets in texts: its `secrets`, the variables of `secretEnv`,
 * and variables of `env` whose names look like secrets (if the value has six characters or more).
 *
 * Variables that are only inherited are not looked at.
 *
 * @param spec The command.
 * @returns The redactor; it replaces nothing when there is no secret.
 */
export function redactorOf(spec: CommandSpec): Redactor {
  const values = [...spec.secrets ?? []];
  for (const [name, value] of Object.entries(spec.env ?? {})) {
    const named = spec.secretEnv?.includes(name) === true;
    if (named || (isSecretEnv(spec, name) && value.length >= SHORTEST_GUESS)) values.push(value);
  }
  return new Redactor(values);
}
