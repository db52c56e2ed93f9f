import assert from "node:assert/strict";
import { listTree } from "../../lib/orchestra/installed/list_tree.ts";
import { runProgram } from "../support/cli.ts";
import { smallDisk, whyNoSmallDisk } from "../support/small_disk.ts";
import { Project, tree } from "./_support.ts";

const noDisk = await whyNoSmallDisk();
const title = (name: string) => noDisk === undefined ? name : `${name} (skipped: ${noDisk})`;

/** Fills a disk up to so many bytes. */
async function fill(disk: string, freeBytes: number): Promise<void> {
  const { stdout } = await new Deno.Command("df", {
    args: ["--output=avail", "--block-size=1", disk],
  }).output();
  const available = Number(new TextDecoder().decode(stdout).split("\n")[1]);
  await Deno.writeFile(`${disk}/ballast`, new Uint8Array(available - freeBytes));
}

Deno.test({
  name: title("a full disk below the root leaves the root and what was to be merged as they were"),
  ignore: noDisk !== undefined,
  fn: async () => {
    await using disk = await smallDisk(256);
    await using project = await Project.create(
      tree({
        "a@small": [],
        "a@big": ['install: head -c 524288 /dev/urandom > "$TMP_ROOT$ORCHESTRA_ROOT/big"'],
      }) + `paths: {orchestra_root: ${disk.path}/root}\n`,
    );
    assert.equal((await project.orc(["install", "-b", "a@small"])).code, 0);
    const before = await listTree(`${disk.path}/root`);
    const { code, stderr } = await project.orc(["install", "-b", "a@big"]);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot copy into ".*\/root"[^]*No space left on device/);
    assert.deepEqual(await listTree(`${disk.path}/root`), before);
    assert.equal((await project.orc(["verify"])).code, 0);
    const built = project.path(`.orchestra/tmproot/a_big${disk.path}/root/big`);
    assert.equal((await Deno.stat(built)).size, 524288);
  },
});

Deno.test({
  name: title("a change that cannot be written down is not begun, and told in a sentence"),
  ignore: noDisk !== undefined,
  fn: async () => {
    await using disk = await smallDisk(256);
    await using project = await Project.create(
      tree({ "a@b": [] }) + `paths: {orchestra_root: ${disk.path}/root}\n`,
    );
    assert.equal((await project.orc(["install", "-b", "a"])).code, 0);
    await fill(disk.path, 0);
    const { code, stderr } = await project.orc(["uninstall", "a"]);
    assert.equal(code, 100);
    assert.match(
      stderr,
      /ERROR - Cannot begin to uninstall a in ".*\/root", which stays as it is\n/,
    );
    assert.match(stderr, /No space left on device/);
    assert.equal((await project.orc(["verify"])).code, 0);
    await Deno.remove(`${disk.path}/ballast`);
    assert.equal((await project.orc(["uninstall", "a"])).code, 0);
  },
});

Deno.test({
  name: title("a script that fills the disk is told by its own words, though its log is cut"),
  ignore: noDisk !== undefined,
  fn: async () => {
    await using disk = await smallDisk(512);
    await using project = await Project.create(tree({
      "a@b": ['install: head -c 1048576 /dev/zero > "$TMP_ROOT/f"; echo not reached'],
    }));
    await runProgram("cp", ["-r", project.path(".orchestra"), disk.path]);
    const orc = (...args: string[]) => project.orc(args, { cwd: disk.path });
    assert.equal((await orc("configure", "-b", "a")).code, 0);
    const { code, stderr } = await orc("install", "-b", "a");
    assert.equal(code, 1);
    assert.match(stderr, /^head: error writing .*No space left on device$/m);
    assert.match(stderr, /WARNING - Cannot write to .*install_a@b\.log: No space left on device/);
    assert.match(stderr, /Action install .* of a@b failed:\nScript failed with exit code 1\n$/);
  },
});
