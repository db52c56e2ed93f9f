// Runs and ends commands with a list of allowed programs only.
import { command } from "../../../lib/commands/mod.ts";

const sleep = command("sleep 60");
await using first = await sleep.run();
await using second = await sleep.run();
const results = [
  (await first.terminate()).signal,
  (await second.kill()).signal,
  await sleep.runToCompletion({ timeoutMs: 50 }).catch((error) => error.name),
  (await command("echo hi").runToCompletion()).stdoutText(),
];
await Deno.stdout.write(new TextEncoder().encode(results.join(" ")));
