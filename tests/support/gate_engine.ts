import { connectEngine } from "../../lib/engine/mod.ts";
import { ensureBaseImages, ensureEngine, progressLines } from "../../lib/engine/ensure/mod.ts";

/**
 * Makes sure that an engine answers, as `superorch engine ensure` does, and that the base images
 * of the tests are there. Says what it does only if there is something to do.
 *
 * @param write Takes pieces of text.
 */
export async function prepareEngine(write: (text: string) => void): Promise<void> {
  const lines = progressLines(write);
  try {
    await ensureEngine({ onProgress: lines.onProgress });
    await using engine = await connectEngine();
    await ensureBaseImages(engine, { onProgress: lines.onProgress });
  } finally {
    lines.end();
  }
}
