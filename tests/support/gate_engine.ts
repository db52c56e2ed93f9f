/** What the gate uses of the engine's set-up. */
interface EngineSetup {
  ensureEngine(options: { readonly log: (line: string) => void }): Promise<unknown>;
}

/**
 * Makes sure that an engine answers, as `superorch engine ensure` does, and that the base image
 * of the tests is there. Says what it does only if there is something to do.
 *
 * @param log Takes the lines.
 */
export async function prepareEngine(log: (line: string) => void): Promise<void> {
  const specifier = new URL("../../lib/engine/ensure/mod.ts", import.meta.url).href;
  const { ensureEngine }: EngineSetup = await import(specifier);
  await ensureEngine({ log });
}
