/**
 * Speed of the template engine on a generated configuration of 190 components: cold (a new
 * process), warm (in process), and at 1, 2, 4 and 8 times the size.
 * `deno run -A tests/bench/ytt.ts`
 */
import { render } from "../../lib/ytt/mod.ts";
import { orchestraConfig } from "./_ytt_config.ts";

if (Deno.args[0] === "--once") {
  console.log((await render({ files: orchestraConfig(1) })).output().split("\n").length);
  Deno.exit(0);
}
if (Deno.args[0] === "--write") {
  for (const { path, data } of orchestraConfig(Number(Deno.args[2] ?? 1))) {
    const target = `${Deno.args[1]}/${path}`;
    Deno.mkdirSync(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(target, data as string);
  }
  Deno.exit(0);
}

const directory = Deno.makeTempDirSync();
try {
  for (const { path, data } of orchestraConfig(1)) {
    const target = `${directory}/${path}`;
    Deno.mkdirSync(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(target, data as string);
  }
  const main = new URL("../../cli/ytt_main.ts", import.meta.url).pathname;
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", main, "-f", directory],
    }).output();
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
    const lines = new TextDecoder().decode(stdout).split("\n").length - 1;
    console.log(`cold ${(performance.now() - start).toFixed(0).padStart(6)} ms  ${lines} lines`);
  }
} finally {
  Deno.removeSync(directory, { recursive: true });
}

async function timed(scale: number): Promise<{ ms: number; lines: number }> {
  const files = orchestraConfig(scale);
  const start = performance.now();
  const lines = (await render({ files })).output().split("\n").length - 1;
  return { ms: performance.now() - start, lines };
}

await timed(1);
await timed(1);
for (let i = 0; i < 3; i++) {
  const { ms, lines } = await timed(1);
  console.log(`warm ${ms.toFixed(0).padStart(6)} ms  ${lines} lines`);
}
console.log("size  files    lines      ms  us/line");
for (const scale of [1, 2, 4, 8]) {
  const { ms, lines } = await timed(scale);
  const perLine = (ms * 1000 / lines).toFixed(1);
  console.log(
    `${String(scale).padStart(3)}x  ${String(100 * scale + 10).padStart(5)}  ${
      String(lines).padStart(7)
    }  ` +
      `${ms.toFixed(0).padStart(6)}  ${perLine.padStart(7)}`,
  );
}
const peak = Deno.memoryUsage().rss / 2 ** 20;
console.log(`resident ${peak.toFixed(0)} MiB`);
