import type { EngineClient } from "../engine/mod.ts";
import { acquirePath } from "../files/mod.ts";
import type { ContainerSpec } from "./spec.ts";

/** The host's side of all binds of some containers, found before anything is made. */
export class BindSources {
  /** What is probably not meant. */
  readonly warnings: readonly string[];
  readonly #absolute: ReadonlyMap<string, string>;

  private constructor(absolute: ReadonlyMap<string, string>, warnings: readonly string[]) {
    this.#absolute = absolute;
    this.warnings = warnings;
  }

  /**
   * Finds the absolute path of every bind.
   *
   * Left to the engine, a missing path would be made as an empty directory that belongs to root. An
   * engine on another machine has other files: there a path is passed on as it is and must be
   * absolute.
   *
   * Permissions: `--allow-read` of the paths.
   *
   * @param options `make: false` makes no directory that a specification wants made.
   * @throws {Error} naming the container and the path, when it does not exist.
   */
  static async resolve(
    specs: readonly ContainerSpec[],
    engine: EngineClient,
    options: { readonly make?: boolean } = {},
  ): Promise<BindSources> {
    const local = engine.endpoint.kind === "unix";
    const absolute = new Map<string, string>();
    const warnings: string[] = [];
    for (const { name, volumes = [], files = [] } of specs) {
      for (const file of files) {
        if (!("source" in file)) continue;
        try {
          await acquirePath(file.source);
        } catch (cause) {
          throw new Error(`Cannot copy "${file.source}" into container "${name}"`, { cause });
        }
      }
      for (const volume of volumes) {
        if (!("bind" in volume) || absolute.has(volume.bind)) continue;
        if (!local && !volume.bind.startsWith("/")) {
          throw new TypeError(
            `Cannot mount "${volume.bind}" into container "${name}": the engine is on another ` +
              `machine, so the path must be absolute there`,
          );
        }
        try {
          if (local && volume.make === true) {
            if (options.make === false) continue;
            await makeIfMissing(volume.bind);
          }
          absolute.set(volume.bind, local ? await acquirePath(volume.bind) : volume.bind);
        } catch (cause) {
          throw new Error(`Cannot mount "${volume.bind}" into container "${name}"`, { cause });
        }
      }
      warnings.push(
        ...nestedTargets(
          name,
          volumes.map((volume) => "tmpfs" in volume ? volume.tmpfs : volume.target),
        ),
      );
    }
    return new BindSources(absolute, warnings);
  }

  /** The absolute path for a path of a bind. */
  absolute(path: string): string {
    return this.#absolute.get(path) ?? path;
  }
}

async function makeIfMissing(path: string): Promise<void> {
  try {
    await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(path, { recursive: true });
  }
}

// Allowed, and in use to hide a part of a bind; but what is written to the inner one is not in the
// outer one's source, which surprises.
function nestedTargets(name: string, targets: readonly string[]): readonly string[] {
  const clean = targets.map((target) => `${target.replace(/\/+$/, "")}/`);
  return clean.flatMap((outer) =>
    clean.filter((inner) => inner !== outer && inner.startsWith(outer)).map((inner) =>
      `container "${name}" mounts ${inner.slice(0, -1)} within ${outer.slice(0, -1)}`
    )
  );
}
