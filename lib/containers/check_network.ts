import { StackedError } from "../errors/mod.ts";
import { requireKnownOptions } from "./_known_options.ts";
import type { NetworkOptions } from "./network_spec.ts";

/**
 * Refuses a network that cannot be made, before anything is.
 *
 * @param name Its name.
 * @param options How it is made.
 * @throws {TypeError} saying what is wrong.
 */
export function checkNetwork(name: unknown, options: NetworkOptions): void {
  if (typeof name !== "string" || !/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/.test(name)) {
    throw new TypeError(
      `Cannot use network name ${JSON.stringify(name) ?? name}: the rules of a ` +
        `container's name hold for it too`,
    );
  }
  requireKnownOptions(options, "network", `make network "${name}"`);
  for (const [key, definition] of Object.entries(options.networks ?? {})) {
    requireKnownOptions(definition, "definition", `make network "${key}"`);
  }
  const { startWidth } = options;
  if (startWidth !== undefined && !(Number.isInteger(startWidth) && startWidth > 0)) {
    throw new RangeError(`Cannot start ${startWidth} nodes at a time: it must be 1 or more`);
  }
}

/**
 * Makes the directory of the logs.
 *
 * @param path The directory; its parents are made too.
 * @throws {StackedError} naming it.
 */
export async function makeLogDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (cause) {
    throw new StackedError(`Cannot make log directory "${path}"`, { cause, location: false });
  }
}
