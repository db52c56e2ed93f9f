/**
 * What the tests of `ensure` run on their bare machine: the command line `engine …`, or one
 * function with options as JSON, whose result is printed as JSON.
 */
import { connectEngine } from "../../../lib/engine/mod.ts";
import {
  busyboxImage,
  ensureBaseImages,
  ensureEngine,
  stopEngine,
} from "../../../lib/engine/ensure/mod.ts";

async function callFunction(name: string, json: string): Promise<unknown> {
  const { abortAfterMs, ...rest } = JSON.parse(json);
  const signal = abortAfterMs === undefined ? undefined : AbortSignal.timeout(abortAfterMs);
  const options = { ...rest, signal };
  if (name === "ensureEngine") return await ensureEngine(options);
  if (name === "stopEngine") return await stopEngine(options);
  await using engine = await connectEngine();
  return name === "busyboxImage"
    ? await busyboxImage(engine, options)
    : await ensureBaseImages(engine, options);
}

// Loaded when needed only: it takes a package that not every user of these tests may read.
async function callCommand(words: readonly string[]): Promise<number> {
  const { engineCommand } = await import("../../../cli/engine.ts");
  const { reportFailure } = await import("../../../cli/failure.ts");
  const { standardOutput } = await import("../../../cli/output.ts");
  const output = standardOutput();
  try {
    await engineCommand(output).exitOverride().parseAsync(words, { from: "user" });
    return 0;
  } catch (error) {
    return reportFailure(error, output.err, false);
  }
}

const [word = "", json = "{}"] = Deno.args;
if (/^[a-z]+$/.test(word)) Deno.exit(await callCommand(Deno.args));
try {
  console.log(JSON.stringify(await callFunction(word, json)));
} catch (error) {
  console.error(`Error: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
