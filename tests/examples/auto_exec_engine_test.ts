import assert from "node:assert/strict";
import { connectEngine } from "../../lib/engine/mod.ts";
import { busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { testLabels } from "../support/gate_labels.ts";

const EXAMPLE = new URL("../../examples/auto_exec.ts", import.meta.url).pathname;

/** A terminal of its own, which somebody types in. */
class Terminal implements AsyncDisposable {
  readonly #directory: string;
  readonly #socket: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#socket = `${directory}/t`;
  }

  static async open(command: readonly string[]): Promise<Terminal> {
    const terminal = new Terminal(await Deno.makeTempDir({ prefix: "s" }));
    // What the program ends with is left on the screen, also after Ctrl-C, which the shell gets too.
    const words = command.map((word) => `'${word}'`).join(" ");
    const line = `trap : INT; ${words}; echo "ended with $?"; cat`;
    await terminal.#tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "40", line);
    return terminal;
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-S", this.#socket, ...args],
      stdin: "null",
      env: { SHELL: "/bin/sh" },
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  }

  /** Types; `Enter` and `C-c` are keys. */
  async type(...keys: readonly string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  /** Waits until the screen looks as wanted. */
  async sees(pattern: RegExp): Promise<void> {
    await eventually(
      async () => assert.match(await this.#tmux("capture-pane", "-p"), pattern),
      30_000,
      { what: `the terminal shows ${pattern}`, pollMs: 50 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server").catch(() => {}); // its last session may have ended
    await Deno.remove(this.#directory, { recursive: true });
  }
}

async function tmuxIsThere(): Promise<boolean> {
  const tmux = new Deno.Command("tmux", {
    args: ["-V"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  return await tmux.output().then(({ success }) => success, () => false);
}

const ignore = !await tmuxIsThere();
if (ignore) console.log("skipped: examples/auto_exec.ts, there is no tmux");

/** A prefix, and containers with names that begin with it. */
async function withContainers(
  body: (
    prefix: string,
    start: (suffix: string, before?: string) => Promise<string>,
  ) => Promise<void>,
): Promise<void> {
  await using engine = await connectEngine();
  const Image = await busyboxImage(engine);
  const prefix = `auto-exec-${crypto.randomUUID().slice(0, 8)}-`;
  const ids: string[] = [];
  try {
    await body(prefix, async (suffix, before = "") => {
      const { Id } = await engine.containers.create(`${before}${prefix}${suffix}`, {
        Image,
        Cmd: ["sleep", "1000"],
        Labels: testLabels(),
        HostConfig: { NetworkMode: "none" },
      });
      ids.push(Id);
      await engine.containers.start(Id);
      return Id;
    });
    for (const id of ids) {
      assert.equal((await engine.containers.inspect(id)).State.Running, true, "it must go on");
    }
  } finally {
    for (const id of ids) await engine.containers.remove(id, { force: true });
  }
}

Deno.test({
  name: "examples/auto_exec.ts gives a shell with a terminal in each new container of a name",
  ignore,
  fn: () =>
    withContainers(async (prefix, start) => {
      const deno = [Deno.execPath(), "run", "-A", "--no-lock"];
      await using terminal = await Terminal.open([...deno, EXAMPLE, "--prefix", prefix]);
      await terminal.sees(/waiting for a container whose name begins with/);
      await start("0", "not-"); // it is waited on, and this one is no reason to say so again
      const first = await start("1");
      await terminal.sees(/^waiting .*\nauto-exec-\w+-1 [0-9a-f]{12}\n[^]*\/ #$/m);
      await terminal.type("echo host-$(hostname); stty size", "Enter");
      await terminal.sees(new RegExp(`^host-${first.slice(0, 12)}\\n40 100$`, "m"));

      // Ctrl-C belongs to what runs inside.
      await terminal.type("sleep 1000", "Enter");
      await terminal.sees(/# sleep 1000/);
      await terminal.type("C-c");
      await terminal.type("echo code-$?", "Enter");
      await terminal.sees(/^code-130$/m);
      await terminal.type("exit", "Enter");
      await terminal.sees(/exit\n+waiting for a container whose name begins with/);

      const second = await start("2");
      await terminal.type("echo host-$(hostname)", "Enter");
      await terminal.sees(new RegExp(`^host-${second.slice(0, 12)}$`, "m"));
      await terminal.type("C-d");
      await terminal.sees(/waiting for a container[^]*waiting for a container[^]*waiting for a/);
      await terminal.type("C-c");
      await terminal.sees(/ended with 130$/m);
    }),
});

Deno.test({
  name:
    "examples/auto_exec.ts --once ends with the exit code of the program, without a further key",
  ignore,
  fn: () =>
    withContainers(async (prefix, start) => {
      await start("1");
      for (const code of [0, 7]) {
        const deno = [Deno.execPath(), "run", "-A", "--no-lock"];
        const words = [...deno, EXAMPLE, "--prefix", prefix, "--once", "--"];
        await using terminal = await Terminal.open([...words, "sh", "-c", `tty; exit ${code}`]);
        await terminal.sees(new RegExp(`/dev/pts/0\\n+ended with ${code}`));
      }
    }),
});
