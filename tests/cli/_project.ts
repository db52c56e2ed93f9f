import assert from "node:assert/strict";
import { LABEL, removeKept } from "../../lib/containers/mod.ts";
import { downProject } from "../../lib/compose/mod.ts";
import { connectEngine, type EngineClient } from "../../lib/engine/mod.ts";
import { BUSYBOX_IMAGE, busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { type Ran, superorch } from "../support/cli.ts";
import { onEngine } from "../containers/support.ts";

/** A compose project of a test's own: a directory, a name that nobody else has, an engine. */
export class TestProject implements AsyncDisposable {
  /** Name of the project, and of the directory. */
  readonly name: string;
  /** The directory. */
  readonly directory: string;
  /** The engine that discovery finds. */
  readonly engine: EngineClient;
  readonly #base: string;

  private constructor(name: string, base: string, engine: EngineClient) {
    this.name = name;
    this.#base = base;
    this.directory = `${base}/${name}`;
    this.engine = engine;
  }

  /**
   * Makes a project.
   *
   * @param compose Its compose.yaml; `IMAGE` stands for the image of tests.
   */
  static async make(compose: string): Promise<TestProject> {
    const engine = await connectEngine();
    await busyboxImage(engine);
    const base = await Deno.realPath(await Deno.makeTempDir({ prefix: "superorch-up-" }));
    const project = new TestProject(`up${crypto.randomUUID().slice(0, 8)}`, base, engine);
    await Deno.mkdir(project.directory);
    await project.write("compose.yaml", compose);
    return project;
  }

  /** Writes a file of the project. */
  async write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(
      `${this.directory}/${name}`,
      text.replaceAll("IMAGE", BUSYBOX_IMAGE),
    );
  }

  /** The words that start the command line from the sources. */
  get program(): readonly string[] {
    const main = new URL("../../cli/main.ts", import.meta.url).pathname;
    return [Deno.execPath(), "run", "-q", "-A", main];
  }

  /** Variables of all its commands: a cache of its own, so that tests do not see each other's. */
  get env(): Readonly<Record<string, string>> {
    return { XDG_CACHE_HOME: `${this.#base}/cache`, DENO_DIR: denoDirectory() };
  }

  /** Runs a command of superorch in its directory. */
  run(...args: readonly string[]): Promise<Ran> {
    return superorch(args, { cwd: this.directory, env: this.env, timeoutMs: 60_000 });
  }

  /** Starts a command of superorch in its directory. */
  spawn(...args: readonly string[]): Deno.ChildProcess {
    const [program, ...words] = [...this.program, ...args];
    return new Deno.Command(program!, {
      args: words,
      cwd: this.directory,
      env: this.env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Its containers: name in the project to id, state and exit code in words. */
  async containers(): Promise<Readonly<Record<string, string>>> {
    const list = await this.engine.containers.list({ labels: { [LABEL.project]: this.name } });
    return Object.fromEntries(
      list.map(({ Labels, State, Id }) => [Labels[LABEL.name]!, `${State} ${Id.slice(0, 12)}`])
        .toSorted(),
    );
  }

  /** Fails if anything of it is on the engine, volumes apart. */
  async nothingLeft(): Promise<void> {
    const left = await onEngine(this.engine, { [LABEL.project]: this.name });
    assert.deepEqual(left.filter((one) => !one.startsWith("volume ")), []);
  }

  /** Removes everything of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await downProject(this.name, { engine: this.engine, timeoutMs: 0, volumes: true });
    await removeKept(this.engine, this.name, { graceMs: 0, keepImages: false });
    await this.engine[Symbol.asyncDispose]();
    await Deno.remove(this.#base, { recursive: true });
  }
}

// Deno keeps its packages below XDG_CACHE_HOME too, and would download them again.
function denoDirectory(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`;
  return Deno.env.get("DENO_DIR") || `${cache}/deno`;
}

/** The events that `--json` has printed. */
export function eventsIn(text: string): readonly Record<string, unknown>[] {
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
