import { BuildContextError, buildImage } from "../../../lib/engine/build/mod.ts";
import { connectEngine } from "../../../lib/engine/mod.ts";

// Run by a test with a file that it may not read: root can read all, so Deno says no.
const [directory = "", builder = "", tag = ""] = Deno.args;
await using engine = await connectEngine();
try {
  await buildImage(engine, {
    builder: builder as "classic" | "buildkit",
    tag,
    context: { directory },
  });
} catch (error) {
  if (!(error instanceof BuildContextError)) throw error;
  console.log(error.name, error.path);
}
