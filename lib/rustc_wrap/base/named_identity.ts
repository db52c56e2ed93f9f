import type { Base, Env } from "../model.ts";
import { sha256 } from "../sha256.ts";
import { remember, type Toolchain } from "../toolchain.ts";

/** How {@linkcode namedBase} works. */
export interface NamedBaseOptions {
  /** As in `FROM`; `docker-image://` before it is dropped. */
  readonly image: string;
  /** The compiler that cargo uses: the image's must be the same. */
  readonly toolchain: Toolchain;
  /** Whether that one is put into it: then the image needs none. */
  readonly ownToolchain: boolean;
  /** Where what is known is kept between calls. */
  readonly cacheDir: string | undefined;
  /** Who is asked what a name stands for, where that is no engine. */
  readonly client?: "podman" | "buildah";
  /** Names the build that is going on: what a name stands for is asked once in each. */
  readonly build: string;
  /** Variables that say where the engine is. */
  readonly env: Env;
  /** Takes a line when something takes long. */
  readonly onNote?: (text: string) => void;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

interface Known {
  readonly build: string;
  readonly id: string;
}

/**
 * A base image that the user names. What a name stands for can change, so that is asked once in
 * each build and is part of every key; a name with a digest is never asked for.
 *
 * @param options Image and toolchain.
 * @returns Name and identity.
 * @throws {InfrastructureError} when nobody can tell what the name stands for.
 */
export async function namedBase(options: NamedBaseOptions): Promise<Base> {
  const { toolchain, cacheDir, signal } = options;
  const image = options.image.replace(/^docker-image:\/\//, "");
  const memory = cacheDir === undefined
    ? undefined
    : `${cacheDir}/images/${(await sha256(image)).slice(0, 32)}`;
  const known = memory === undefined ? undefined : readKnown(memory);
  const pinned = /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];
  let id = pinned ?? (known?.build === options.build ? known.id : undefined);
  if (id === undefined) {
    try {
      id = options.client === undefined
        ? await (await import("./ensure_named.ts")).askId(image, options)
        : await (await import("../runners/client_image.ts")).askClientId(
          image,
          options.client,
          options,
        );
      if (memory !== undefined) remember(memory, { build: options.build, id } satisfies Known);
    } catch (error) {
      signal?.throwIfAborted();
      // What was built before can be had without an engine; what was not will say so.
      if (known === undefined) throw error;
      id = known.id;
    }
  }
  const identity = await sha256(JSON.stringify(["named", id, toolchain.version]));
  return { image, identity, rustc: "rustc" };
}

function readKnown(path: string): Known | undefined {
  try {
    const known = JSON.parse(Deno.readTextFileSync(path));
    return typeof known?.id === "string" && typeof known.build === "string" ? known : undefined;
  } catch {
    return undefined;
  }
}
