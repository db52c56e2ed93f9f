// gate-timeout: 240 s
import assert from "node:assert/strict";
import { connectEngine } from "../../lib/engine/mod.ts";
import { busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { container, ContainerNetwork } from "../../lib/containers/mod.ts";
import { deno, type Ran, runProgram, type RunProgramOptions } from "../support/cli.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test({
  name: "the single-file bundle does what the checkout does, also under its other names",
  ignore: Deno.build.os === "windows", // it starts by its first line
  fn: async (t) => {
    const directory = await Deno.makeTempDir();
    try {
      const tool = `${directory}/superorch`;
      const made = await deno(["run", "-A", new URL("tools/bundle.ts", ROOT).href, tool], {
        timeoutMs: 120_000,
      });
      assert.equal(made.code, 0, made.stderr);
      const denoDirectory = Deno.execPath().replace(/\/[^/]+$/, "");
      const env = { PATH: `${denoDirectory}:${Deno.env.get("PATH")}` };
      const at = (name: string) => (args: readonly string[], options: RunProgramOptions = {}) =>
        runProgram(name, args, { cwd: directory, timeoutMs: 60_000, ...options, env });
      const run = at(tool);
      const ok = async (ran: Promise<Ran>) => {
        const { code, stdout, stderr } = await ran;
        assert.equal(code, 0, stderr + stdout);
        return stdout;
      };

      await t.step("help and mistakes", async () => {
        assert.match(await ok(run(["--help"])), /^Usage: superorch/);
        assert.match(await ok(run(["compose", "config", "--help"])), /^Usage: superorch compose/);
        const wrong = await run(["pss"]);
        assert.deepEqual([wrong.code, /Did you mean ps/.test(wrong.stderr)], [2, true]);
      });

      await t.step("ytt renders", async () => {
        const stdin = '#@ load("@ytt:json", "json")\na: #@ json.encode([1 + 2])\n';
        assert.equal(await ok(run(["ytt", "-f", "-"], { stdin })), "a: '[3]'\n");
      });

      await t.step("compose config and export", async () => {
        await Deno.writeTextFile(
          `${directory}/compose.yaml`,
          "name: shop\nservices:\n  web: { image: busybox, ports: ['80'] }\n",
        );
        const config = JSON.parse(await ok(run(["compose", "config", "--json"])));
        assert.equal(config.services.web.image, "busybox");
        assert.match(await ok(run(["compose", "export"])), /name: "shop"/);
        await Deno.writeTextFile(`${directory}/wrong.yaml`, "services:\n  web: { imag: x }\n");
        const wrong = await run(["compose", "config", "-f", "wrong.yaml"]);
        assert.equal(wrong.code, 2);
        assert.match(wrong.stderr, /wrong\.yaml:2:\d+/);
      });

      await t.step("what needs an engine", async () => {
        assert.equal(JSON.parse(await ok(run(["doctor", "--json"]))).ok, true);
        assert.ok(JSON.parse(await ok(run(["engine", "status", "--json"]))).used);
        assert.match(await ok(run(["clean", "--dry-run", "--json"])), /^\[/);
        await using engine = await connectEngine();
        await using network = await ContainerNetwork.create("bundled", { engine, forward: false });
        const name = `bundled-${crypto.randomUUID().slice(0, 8)}`;
        network.add(container(name, await busyboxImage(engine), {
          command: ["sh", "-c", "echo ready; sleep 1000"],
        }));
        await network.run();
        assert.match(await ok(run(["ps"])), new RegExp(`^${name}\\t`, "m"));
        assert.equal(await ok(run(["exec", name, "echo", "hello"])), "hello\n");
        assert.match(await ok(run(["logs", name])), /ready/);
        assert.match(
          await ok(run(["__complete", "fish", "superorch", "exec", name])),
          /running in/,
        );
      });

      await t.step("links, and completions that name the bundle", async () => {
        await ok(run(["install-links", "bin"]));
        const linked = at(`${directory}/bin/ytt`);
        assert.equal(await ok(linked(["-f", "-"], { stdin: "a: #@ 1 + 2\n" })), "a: 3\n");
        assert.ok((await ok(run(["completions", "bash"]))).includes(tool));
      });

      await t.step("a symbolic link of another name is that command", async () => {
        await Deno.symlink(tool, `${directory}/ytt`);
        const ytt = at(`${directory}/ytt`);
        assert.equal(await ok(ytt(["-f", "-"], { stdin: "a: #@ 1 + 2\n" })), "a: 3\n");
      });
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
