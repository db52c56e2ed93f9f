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
    const begin = performance.now();
    const before = await engine.images.list();
    const { busybox } = await ensureBaseImages(engine);
    if ((await engine.images.list()).length > before.length) {
      write(`Making the image ${busybox}: ${((performance.now() - begin) / 1000).toFixed(1)} s\n`);
    }
  } finally {
    lines.end();
  }
}
