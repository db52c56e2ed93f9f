/**
 * Checks a built command line: that it starts, that it is of this version, that a place in an error
 * is the line of the source, and that it can be the reaper of `containers`.
 *
 *     deno run -A tools/check_program.ts PROGRAM
 */

import manifest from "../deno.json" with { type: "json" };

const program = Deno.args[0];
if (program === undefined) {
  console.error("Name the program to check");
  Deno.exit(2);
}
const path = await Deno.realPath(program);
expect((await run(["--version"])).stdout, `superorch ${manifest.version}\n`);
const { stderr } = await run(["-v", "ps"]);
const line = Number(/\/lib\/engine\/discovery\.ts:(\d+):\d+/.exec(stderr)?.[1]);
const source = await Deno.readTextFile(new URL("../lib/engine/discovery.ts", import.meta.url));
const text = source.split("\n")[line - 1] ?? `no place in: ${stderr}`;
expect(text.trim(), "throw new EngineUnreachableError(failed);");
// With nobody on its input, the reaper has nothing to wait for.
expect((await run(["--version"], { SUPERORCH_REAPER: "1" })).stdout, "");
console.log(`${program}: version ${manifest.version}, places are true`);

async function run(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ stdout: string; stderr: string }> {
  const output = await new Deno.Command(path, {
    args,
    env: { DOCKER_HOST: "unix:///nonexistent/docker.sock", ...env },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { stdout: decode(output.stdout), stderr: decode(output.stderr) };
}

function expect(actual: string, wanted: string): void {
  if (actual === wanted) return;
  console.error(`Expected ${JSON.stringify(wanted)}, got ${JSON.stringify(actual)}`);
  Deno.exit(1);
}
