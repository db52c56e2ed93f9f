/**
 * Runs the benchmarks, each in a process of its own:
 *
 *     deno run -A tests/bench/main.ts [NAME …]
 *
 * Every file of this folder is one, except this and those that start with `_`. They print ratios measured in one run
 * against the same machine's own floor; nothing is asserted, because machines are noisy.
 */

const folder = new URL("./", import.meta.url);
const wanted = Deno.args.filter((word) => word !== "--");
const names: string[] = [];
for await (const { name, isFile } of Deno.readDir(folder)) {
  if (!isFile || !/^[a-z]\w*\.ts$/.test(name) || name === "main.ts") continue;
  names.push(name.slice(0, -".ts".length));
}
names.sort();
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`Unknown benchmark "${unknown.join('", "')}"; known are ${names.join(", ")}`);
  Deno.exit(2);
}
let failed = 0;
for (const name of wanted.length === 0 ? names : wanted) {
  console.log(`\n${name}`);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(`${name}.ts`, folder).href],
    stdin: "null",
  }).spawn().status;
  if (!success) failed++;
}
Deno.exit(failed === 0 ? 0 : 1);
