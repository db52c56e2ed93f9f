import { buildFiles } from "../../../lib/engine/build/mod.ts";
import { connectEngine } from "../../../lib/engine/mod.ts";

// Run, and killed, by a test.
const [base = "", seconds = ""] = Deno.args;
await using engine = await connectEngine();
await buildFiles(engine, {
  context: { dockerfileText: `FROM ${base}\nRUN sleep ${seconds}\n` },
});
