import assert from "node:assert/strict";
import { LABEL } from "../../lib/containers/labels.ts";
import { cleanProject } from "../../lib/buildr/run/clean.ts";
import { BUILDR_LABEL } from "../../lib/buildr/run/labels.ts";
import { connectEngine, type EngineClient } from "../../lib/engine/mod.ts";
import { BUSYBOX_IMAGE, busyboxImage } from "../../lib/engine/ensure/mod.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { deno, type Ran, type RunProgramOptions } from "../support/cli.ts";

export { BUSYBOX_IMAGE as IMAGE };

const MAIN = new URL("../../cli/main.ts", import.meta.url).href;

const DENO_DIR = Deno.env.get("DENO_DIR") ??
  `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/deno`;

/** A project in a directory of its own, with caches of its own, on the engine of the run. */
export class Project implements AsyncDisposable {
  /** Its directory. */
  readonly path: string;
  /** The engine. */
  readonly engine: EngineClient;
  /** Where caches, state and settings go. */
  readonly home: string;

  private constructor(path: string, home: string, engine: EngineClient) {
    this.path = path;
    this.home = home;
    this.engine = engine;
  }

  /** Makes a project of files; text at `.buildr.yml` is the manifest. */
  static async make(files: Readonly<Record<string, string>>): Promise<Project> {
    const engine = await connectEngine();
    await busyboxImage(engine);
    const base = await Deno.realPath(await Deno.makeTempDir({ prefix: "superorch-buildr-" }));
    const project = new Project(`${base}/project`, `${base}/home`, engine);
    await Deno.mkdir(project.path);
    await Deno.mkdir(project.home);
    for (const [path, text] of Object.entries(files)) await project.write(path, text);
    return project;
  }

  /** The environment of programs: caches and state are this project's own. */
  get env(): Readonly<Record<string, string>> {
    return {
      DOCKER_HOST: this.engine.host,
      // Deno's own cache would move with the next one.
      DENO_DIR,
      XDG_CACHE_HOME: `${this.home}/cache`,
      XDG_STATE_HOME: `${this.home}/state`,
      XDG_CONFIG_HOME: `${this.home}/config`,
      NO_COLOR: "1",
    };
  }

  /** Runs `superorch buildr …` in the project, to its end. */
  buildr(args: readonly string[] = [], options: RunProgramOptions = {}): Promise<Ran> {
    return deno(["run", "-q", "-A", MAIN, "buildr", ...args], {
      cwd: this.path,
      timeoutMs: 60_000,
      ...options,
      env: { ...this.env, ...options.env },
    });
  }

  /** Starts `superorch buildr …` in the project. */
  spawn(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    return new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-A", MAIN, "buildr", ...args],
      cwd: this.path,
      env: { ...this.env, ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Writes a file, making its directories. */
  async write(path: string, text: string): Promise<void> {
    const full = `${this.path}/${path}`;
    await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(full, text);
  }

  /** Reads a file. */
  read(path: string): Promise<string> {
    return Deno.readTextFile(`${this.path}/${path}`);
  }

  /** Whether something is at a path. */
  async has(path: string): Promise<boolean> {
    return await Deno.lstat(`${this.path}/${path}`).then(() => true, () => false);
  }

  /** Makes a repository of it, with everything in one commit. */
  async commit(): Promise<void> {
    for (const args of [["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "all"]]) {
      const { success, stderr } = await new Deno.Command("git", {
        args: ["-c", "user.name=test", "-c", "user.email=test@localhost", ...args],
        cwd: this.path,
        env: { GIT_CONFIG_NOSYSTEM: "1", HOME: this.home },
        stdin: "null",
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
    }
  }

  /** What is on the engine for it: `container NAME`, `image NAME`. */
  async onEngine(): Promise<readonly string[]> {
    const labels = { [BUILDR_LABEL.directory]: this.path };
    const [containers, networks, volumes, images] = await Promise.all([
      this.engine.containers.list({ labels }),
      this.engine.networks.list({ labels }),
      this.engine.volumes.list({ labels }),
      this.engine.images.list({ labels }),
    ]);
    return [
      ...containers.map(({ Names, State }) => `container ${Names[0]} ${State}`),
      ...networks.map(({ Name }) => `network ${Name}`),
      ...volumes.map(({ Name }) => `volume ${Name}`),
      ...images.map(({ RepoTags, Id }) => `image ${RepoTags?.[0] ?? Id}`),
    ];
  }

  /** Fails unless nothing of it is on the engine. */
  async nothingLeft(): Promise<void> {
    assert.deepEqual(await this.onEngine(), []);
  }

  /** Waits until nothing of it is on the engine. */
  async nothingLeftWithin(ms: number): Promise<void> {
    await eventually(() => this.nothingLeft(), ms, { what: "nothing is left", pollMs: 25 });
  }

  /** Ids of its containers that run. */
  async containerIds(): Promise<readonly string[]> {
    const labels = { [BUILDR_LABEL.directory]: this.path };
    return (await this.engine.containers.list({ labels, all: false })).map(({ Id }) => Id);
  }

  /** Removes everything of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const env = (name: string) => this.env[name];
    await cleanProject(this.engine, { directory: this.path, env });
    const labels = { [BUILDR_LABEL.directory]: this.path, [LABEL.lifetime]: "owner" };
    for (const { Id } of await this.engine.containers.list({ labels })) {
      await this.engine.containers.remove(Id, { force: true });
    }
    await this.engine[Symbol.asyncDispose]();
    await Deno.remove(this.path.replace(/\/project$/, ""), { recursive: true });
  }
}

/** Registers a test with a project. */
export function projectTest(
  name: string,
  files: Readonly<Record<string, string>>,
  body: (project: Project) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using project = await Project.make(files);
    await body(project);
    await project.nothingLeft();
  });
}

/** Reads a stream until it has some text; fails when it ends or takes too long. */
export async function readUntil(
  stream: ReadableStream<Uint8Array>,
  wanted: string,
  ms = 20_000,
): Promise<{ readonly text: string; readonly atMs: number }> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  const timer = setTimeout(() => void reader.cancel(), ms);
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      text += decoder.decode(next.value, { stream: true });
      if (text.includes(wanted)) return { text, atMs: performance.now() };
    }
  } finally {
    clearTimeout(timer);
    reader.releaseLock();
  }
  throw new Error(`"${wanted}" did not come within ${ms} ms; there was: ${text}`);
}
