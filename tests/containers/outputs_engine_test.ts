// gate-timeout: 240 s
import assert from "node:assert/strict";
import { container } from "../../lib/containers/mod.ts";
import { BUSYBOX_IMAGE } from "../../lib/engine/ensure/mod.ts";
import { smallDisk, whyNoSmallDisk } from "../support/small_disk.ts";
import { sceneTest, shell, tempDir, thrownBy, within, withScene } from "./support.ts";
import { LABEL } from "../../lib/containers/labels.ts";
import { nothingLeft } from "./support.ts";

const MIB = 1 << 20;

sceneTest(
  "twenty programs that end at once in a row lose neither words nor codes",
  async ({ network: make }) => {
    const network = await make();
    network.add(shell("a", "echo N; exit 7", { allowUnsuccessful: true }));
    for (let round = 0; round < 20; round++) {
      await network.run(["a"]);
      const result = (await network.wait(["a"])).get("a");
      assert.equal(result?.exitCode, 7, `round ${round}`);
      assert.equal(result?.stdoutText(), "N\n", `round ${round}`);
    }
  },
);

sceneTest(
  "twenty programs that end at once side by side lose neither words nor codes",
  async ({ network: make }) => {
    const network = await make();
    const names = Array.from({ length: 20 }, (_, index) => `a${index}`);
    network.add(
      ...names.map((name) => shell(name, `echo ${name}; exit 7`, { allowUnsuccessful: true })),
    );
    await network.run();
    const results = await network.wait();
    for (const name of names) {
      assert.equal(results.get(name)?.exitCode, 7, name);
      assert.equal(results.get(name)?.stdoutText(), `${name}\n`, name);
    }
  },
);

sceneTest("large outputs are exact in memory and in the files", async ({ network: make }) => {
  await using directory = await tempDir();
  const network = await make("test", { logDir: `${directory.path}/made/for/it` });
  network.add(shell(
    "big",
    "yes 0123456789abcde | head -c 2097152 & yes fedcba9876543210 | head -c 1048576 >&2; wait",
  ));
  await network.run();
  const result = (await network.wait()).get("big")!;
  assert.equal(result.stdout.length, 2 * MIB);
  assert.equal(result.stderr.length, MIB);
  assert.ok(result.stdoutText() === "0123456789abcde\n".repeat(2 * MIB / 16));
  const files = ["stdout", "stderr"].map((stream) => `${network.logDir}/big_${stream}.log`);
  const [out, err] = await Promise.all(files.map((path) => Deno.readFile(path)));
  assert.deepEqual(out, result.stdout);
  assert.deepEqual(err, result.stderr);
});

sceneTest(
  "files have everything that does not fit into memory, and can be bounded",
  async ({ network: make }) => {
    await using directory = await tempDir();
    const network = await make("test", { logDir: directory.path });
    const script = "i=0; while [ $i -lt 2000 ]; do echo $((1000000 + i)); i=$((i+1)); done";
    network.add(
      shell("whole", script, { recordLimitBytes: 80 }),
      shell("cut", script, { logLimitBytes: 1000 }),
      shell("none", script, { log: false }),
    );
    await network.run();
    const results = await network.wait();
    assert.equal(results.get("whole")!.stdout.length, 80);
    assert.ok(results.get("whole")!.stdoutText().endsWith("1001999\n"));
    assert.equal((await Deno.stat(`${directory.path}/whole_stdout.log`)).size, 16_000);
    const cut = await Deno.readTextFile(`${directory.path}/cut_stdout.log`);
    assert.ok(cut.length <= 1000 && cut.length >= 500 && cut.endsWith("1001999\n"));
    await assert.rejects(Deno.stat(`${directory.path}/none_stdout.log`), Deno.errors.NotFound);
  },
);

sceneTest(
  "the live view has a prefix on each line and no colours outside of a terminal",
  async ({ network: make, live }) => {
    const network = await make("test", { forward: true });
    network.add(
      shell("a", "printf 'one\\n\\ntwo'"),
      shell("long-name", "echo err >&2"),
      shell("quiet", "echo nothing", { forward: false }),
    );
    await network.run();
    await network.wait();
    assert.deepEqual(live.text.split("\n").toSorted(), [
      "",
      "a          | ",
      "a          | one",
      "a          | two",
      "long-name E| err",
    ]);
  },
);

sceneTest(
  "a container that closes its outputs and lives on is waited for",
  async ({ network: make }) => {
    const network = await make();
    network.add(
      shell("closed", "echo before; exec >&- 2>&-; sleep 1; exit 3", { allowUnsuccessful: true }),
    );
    await network.run();
    const result = (await within(20_000, network.wait())).get("closed");
    assert.equal(result?.stdoutText(), "before\n");
    assert.equal(result?.exitCode, 3);
  },
);

sceneTest(
  "a container with a terminal has one output with its line ends",
  async ({ network: make }) => {
    const network = await make();
    network.add(shell("tty", "test -t 1 && echo out; echo err >&2; exit 2", {
      tty: true,
      allowUnsuccessful: true,
    }));
    await network.run();
    const result = (await network.wait()).get("tty");
    assert.equal(result?.stdoutText(), "out\r\nerr\r\n");
    assert.equal(result?.stderrText(), "");
    assert.equal(result?.exitCode, 2);
  },
);

sceneTest(
  "a log directory that cannot be written to is an error before anything is made",
  async ({ network: make, engine }) => {
    await using directory = await tempDir();
    const network = await make("test", { logDir: directory.path });
    network.add(shell("a", "true"), shell("b", "true"));
    await Deno.mkdir(`${directory.path}/b_stderr.log`);
    const error = await thrownBy(Error, network.run());
    assert.match(error.message, /b_stderr\.log/);
    await nothingLeft(engine, { [LABEL.run]: network.runId });
    await Deno.writeTextFile(`${directory.path}/file`, "");
    await assert.rejects(make("test", { logDir: `${directory.path}/file/below` }));
  },
);

const noDisk = await whyNoSmallDisk();

Deno.test({
  name: "a full disk costs the log file and not the run" +
    (noDisk === undefined ? "" : ` (skipped: ${noDisk})`),
  ignore: noDisk !== undefined,
  fn: () =>
    withScene(async ({ network: make, progress }) => {
      await using disk = await smallDisk(64);
      const network = await make("test", { logDir: disk.path });
      network.add(shell("big", "yes | head -c 2097152; echo end >&2"));
      await network.run();
      const result = (await within(20_000, network.wait())).get("big");
      assert.equal(result?.exitCode, 0);
      assert.equal(result?.stdout.length, 2 * MIB);
      assert.equal(result?.stderrText(), "end\n");
      const warning = progress.find((line) => line.startsWith("warning: "));
      assert.match(warning ?? "", /big_stdout\.log.*No space left/);
    }),
});

sceneTest("bytes that are no text arrive as they are", async ({ network: make }) => {
  const network = await make();
  const all = Array.from({ length: 256 }, (_, byte) => `\\${byte.toString(8).padStart(3, "0")}`);
  network.add(container("bytes", BUSYBOX_IMAGE, { command: ["printf", all.join("")] }));
  await network.run();
  const result = (await network.wait()).get("bytes");
  assert.deepEqual(result?.stdout, Uint8Array.from({ length: 256 }, (_, byte) => byte));
});

Deno.test("a closed standard output (`| head -1`) does not end the run", async () => {
  const program = new URL("programs/chatty.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", program],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  assert.match(new TextDecoder().decode(value), /^chatty {2}\| /);
  await reader.cancel();
  const told = await new Response(child.stderr).text();
  assert.equal((await within(30_000, child.status)).code, 0);
  assert.match(told, /^exit code 0, 1200000 bytes\n$/);
});
