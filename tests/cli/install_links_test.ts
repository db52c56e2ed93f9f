import assert from "node:assert/strict";
import { runProgram, superorch } from "../support/cli.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("install-links writes executables that find this superorch by themselves", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const bin = `${directory}/some bin`;
    const { code, stdout } = await superorch(["install-links", bin]);
    assert.deepEqual([code, stdout], [0, `${bin}/superorch\n${bin}/ytt\n`]);
    const ytt = await runProgram(`${bin}/ytt`, ["-f", "-"], {
      stdin: "#@ x = 1 + 2\na: #@ x\n",
      cwd: directory,
    });
    assert.deepEqual([ytt.code, ytt.stdout], [0, "a: 3\n"]);
    const version = await runProgram(`${bin}/superorch`, ["--version"], { cwd: directory });
    const manifest = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
    assert.equal(version.stdout, `superorch ${manifest.version}\n`);
    assert.equal((await superorch(["install-links", bin])).code, 0, "its own links are replaced");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("install-links leaves alone what is not its own, and knows its names", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/ytt`, "mine");
    const refused = await superorch(["install-links", directory, "ytt"]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /something else is there; --force replaces it/);
    assert.equal(await Deno.readTextFile(`${directory}/ytt`), "mine");
    assert.equal((await superorch(["install-links", "-f", directory, "ytt"])).code, 0);
    assert.notEqual(await Deno.readTextFile(`${directory}/ytt`), "mine");
    assert.equal((await superorch(["install-links", directory, "yttt"])).code, 2);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
