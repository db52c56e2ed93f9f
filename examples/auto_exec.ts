// A shell in the container that is being worked on, each time that it is started again. In a second
// terminal, while another program runs networks:
//
//     deno run -A examples/auto_exec.ts --prefix container0 [--once] [--] [PROGRAM ARG…]
//
// The program is `sh` unless one is given. Its terminal is this one: Ctrl-C goes to it, and its end
// leads to the wait for the next container. Ctrl-C during the wait ends this program.
import { parseArgs } from "node:util";
import { autoExec } from "../lib/containers/mod.ts";
import { connectEngine } from "../lib/engine/mod.ts";
import { runMain } from "../lib/errors/mod.ts";

await runMain(async () => {
  const { values, positionals } = parseArgs({
    options: {
      prefix: { type: "string", default: "container0" },
      once: { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  await using engine = await connectEngine();
  const code = await autoExec(
    engine,
    values.prefix,
    positionals.length === 0 ? ["sh"] : positionals,
    {
      once: values.once,
      onProgress: (line) => console.error(line),
    },
  );
  // A read of the terminal waits for the next key, and would keep this program until then.
  Deno.exit(code);
});
