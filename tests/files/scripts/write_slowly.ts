// Starts to replace a file from a stream that never ends.
import { writeAtomic } from "../../../lib/files/mod.ts";

const [path = ""] = Deno.args;
await Deno.writeTextFile(path, "old");
setInterval(() => {}, 60_000);
let chunks = 0;
await writeAtomic(
  path,
  new ReadableStream<Uint8Array>({
    pull(sink) {
      if (chunks++ < 3) return sink.enqueue(new Uint8Array(1000));
      console.log("writing");
      return new Promise(() => {});
    },
  }),
);
