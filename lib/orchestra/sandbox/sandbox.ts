import { container, ContainerNetwork, type VolumeSpec } from "../../containers/mod.ts";
import { connectEngine, type EngineClient } from "../../engine/mod.ts";
import type { ScriptPlace } from "../actions/action_context.ts";
import { buildDirectory } from "../actions/directories.ts";
import { isTooLong, type ScriptRunner } from "../actions/run_script.ts";
import { removeTree } from "../installed/complete_transaction.ts";
import type { Configuration } from "../model.ts";
import { joinPath, parentPath } from "../_path.ts";
import { SANDBOX_DIRECTORY } from "../installed/metadata.ts";
import { rootOfDependencies } from "./root_of_dependencies.ts";

/** Where scripts are run instead of on this machine. */
export interface SandboxOptions {
  /** Image with `/bin/bash` and what all components may count on, such as a compiler. */
  readonly image: string;
  /** Where things are. */
  readonly configuration: Configuration;
  /** The engine; it is not closed with the sandbox. Default: found as `docker` finds it. */
  readonly engine?: EngineClient;
  /** Ends the start. */
  readonly signal?: AbortSignal;
}

/**
 * Containers that scripts are run in, one for each script: without network, with the programs of an
 * image, and with a root that has only the declared dependencies of the build. So a script that
 * needs something else fails here, and not on the machine of somebody who has it not.
 *
 * It can write to its `BUILD_DIR` and those beside it, to `TMP_ROOTS`, to sources and to source
 * archives, all at their own paths and as the user of this program. The variables of this program
 * are not passed on.
 *
 * Permissions: those of `containers`; `--allow-write` of the root, where the root of the
 * dependencies is made.
 */
export class Sandbox implements AsyncDisposable {
  readonly #image: string;
  readonly #configuration: Configuration;
  readonly #engine: EngineClient;
  readonly #stack: AsyncDisposableStack;
  #isClean = false;

  private constructor(
    { image, configuration }: SandboxOptions,
    engine: EngineClient,
    stack: AsyncDisposableStack,
  ) {
    this.#image = image;
    this.#configuration = configuration;
    this.#engine = engine;
    this.#stack = stack;
  }

  /**
   * Connects to the engine.
   *
   * @param options The image.
   * @returns The sandbox; dispose of it.
   * @throws {StackedError} when no engine answers.
   */
  static async create(options: SandboxOptions): Promise<Sandbox> {
    await using stack = new AsyncDisposableStack();
    const engine = options.engine ?? stack.use(await connectEngine({ signal: options.signal }));
    return new Sandbox(options, engine, stack.move());
  }

  /**
   * Makes what runs one script.
   *
   * @param place What the script is for.
   * @returns Runs it in a container of its own.
   */
  runner(place: ScriptPlace): ScriptRunner {
    return async (program, { env, onOutput, signal }) => {
      const { paths } = this.#configuration;
      // Whoever runs scripts has the lock: what is there was left by a run that was killed.
      if (!this.#isClean) await removeTree(joinPath(paths.orchestraRoot, SANDBOX_DIRECTORY));
      this.#isClean = true;
      const root = await rootOfDependencies(this.#configuration, place);
      try {
        return await this.#run(root, place, program, { env, onOutput, signal });
      } finally {
        await removeTree(root);
      }
    };
  }

  /** Closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }

  async #run(
    root: string,
    place: ScriptPlace,
    program: string,
    { env, onOutput, signal }: Parameters<ScriptRunner>[1],
  ): Promise<number> {
    const { dotdir, orchestraRoot, sourcesDir, sourceArchives, tmpRoots } =
      this.#configuration.paths;
    const builds = parentPath(buildDirectory(this.#configuration, place));
    const writable = [sourcesDir, sourceArchives, tmpRoots, builds];
    for (const directory of writable) await Deno.mkdir(directory, { recursive: true });
    const volumes: VolumeSpec[] = [
      { bind: dotdir, target: dotdir, readOnly: true },
      { bind: root, target: orchestraRoot, readOnly: true },
      ...writable.map((directory) => ({ bind: directory, target: directory })),
    ];
    const encoder = new TextEncoder();
    await using file = await scriptFile(tmpRoots, program);
    const words = file === undefined ? ["-c", program] : [file.path];
    await using network = await ContainerNetwork.create("orchestra", {
      engine: this.#engine,
      forward: false,
      handleSignals: false,
      onProgress: () => {},
      onEvent: (event) => {
        if (event.kind === "line") onOutput(encoder.encode(`${event.text}\n`));
      },
      ...(signal === undefined ? {} : { signal }),
    });
    network.add(container("script", this.#image, {
      entrypoint: ["/bin/bash", "-c", 'exec 2>&1; exec /bin/bash "$@"', "bash", ...words],
      command: [],
      networkMode: "none",
      user: `${Deno.uid()}:${Deno.gid()}`,
      env: { HOME: "/tmp", ...env },
      workdir: dotdir,
      init: true,
      volumes,
      allowUnsuccessful: true,
      recordLimitBytes: 1024,
    }));
    await network.run(["script"], { ...(signal ? { signal } : {}) });
    const results = await network.wait(["script"], { ...(signal ? { signal } : {}) });
    signal?.throwIfAborted();
    return results.get("script")?.exitCode ?? 137;
  }
}

/** Puts a program that is too long for an argument where the container can read it. */
async function scriptFile(
  directory: string,
  program: string,
): Promise<AsyncDisposable & { readonly path: string } | undefined> {
  if (!isTooLong(program)) return undefined;
  const path = `${directory}/.script-${crypto.randomUUID()}`;
  await Deno.writeTextFile(path, program);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}
