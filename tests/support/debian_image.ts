import { type EngineClient, ImageNotFoundError } from "../../lib/engine/mod.ts";
import { cacheDirectory } from "../../lib/engine/state.ts";
import { FileLock } from "../../lib/files/mod.ts";
import { debianFiles } from "./debian_packages.ts";

/** An image of Debian packages, or why there is none. */
export type DebianImage =
  | { readonly reference: string; readonly skip?: undefined }
  | { readonly reference?: undefined; readonly skip: string };

/** What is in an image besides Debian's essential packages. */
export interface DebianImageRecipe {
  /** Word of the reference. */
  readonly name: string;
  /** Further packages. */
  readonly packages?: readonly string[];
  /** Shell commands on the root directory, which is `$1`, before it is packed. */
  readonly script?: string;
  /** Dockerfile lines such as `CMD ["sh"]`. */
  readonly changes?: readonly string[];
}

const SUITE = "bookworm";
const MIRROR = "http://deb.debian.org/debian";
/** An image with 200 MB of packages took 50 s on two busy cores. */
const LIMIT_MS = 240_000;

// Not one of the labels that a run or a test puts on what it makes: the image is there for the next
// run too, as the base images of `engine ensure` are, and the gate does not take it for a leftover.
const CONTENT_LABEL = "org.superorch.content";

/** Alone it is what `debian:12-slim` is: `sh`, coreutils, apt, glibc. */
export const DEBIAN: DebianImageRecipe = { name: "debian", changes: ['CMD ["bash"]'] };

/**
 * Makes sure that an engine has an image of Debian packages, without a registry. The root file
 * system is made once by mmdebstrap, which is not installed, and kept in the cache directory; each
 * engine imports it once (125 MB: 16 s for the first, 0.5 s for the second).
 *
 * @param engine Where the image is wanted.
 * @param recipe What is in it.
 * @returns Its reference, or a reason to skip.
 */
export async function debianImage(
  engine: EngineClient,
  recipe: DebianImageRecipe = DEBIAN,
): Promise<DebianImage> {
  const problem = await cannotMake();
  if (problem !== undefined) return { skip: problem };
  const reference = `superorch/test-${recipe.name}:${SUITE}`;
  const content = await contentHash(recipe);
  if ((await present(engine, reference))?.content === content) return { reference };
  const tar = `${cacheDirectory()}/tests/${recipe.name}-${content}.tar`;
  await using _lock = await FileLock.acquire(`${tar}.lock`, { parents: true, timeoutMs: LIMIT_MS });
  if (!await isFile(tar)) {
    const skip = await bootstrap(recipe, tar);
    if (skip !== undefined) return { skip };
  }
  const old = await present(engine, reference);
  if (old?.content !== content) {
    const file = await Deno.open(tar);
    await engine.images.import(reference, file.readable, {
      changes: [...recipe.changes ?? [], `LABEL ${CONTENT_LABEL}=${content}`],
    });
    // Without a name now; containers that use it keep it from being removed.
    if (old !== undefined) await engine.images.remove(old.id).catch(() => {});
  }
  return { reference };
}

async function cannotMake(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "Debian images are made on Linux only";
  if (Deno.uid() !== 0) return "only root can make a Debian image";
  const { success } = await new Deno.Command("perl", {
    args: ["-e", "1"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output().catch(() => ({ success: false }));
  return success ? undefined : "there is no perl, which mmdebstrap is written in";
}

async function bootstrap(
  { name, packages = [], script }: DebianImageRecipe,
  tar: string,
): Promise<string | undefined> {
  const files = await debianFiles({ packages: ["mmdebstrap"] });
  if (files.root === undefined) return files.skip;
  const programs = `${files.root}/usr/bin`;
  const base = `${cacheDirectory()}/tests`;
  const work = await Deno.makeTempDir({ dir: base, prefix: ".debian-" });
  try {
    const { success, stderr } = await new Deno.Command("perl", {
      args: [
        `${programs}/mmdebstrap`,
        "--mode=root",
        "--variant=minbase",
        ...packages.length === 0 ? [] : [`--include=${packages.join(",")}`],
        ...["doc", "man", "locale", "info"].map((part) =>
          `--dpkgopt=path-exclude=/usr/share/${part}/*`
        ),
        "--aptopt=Acquire::Retries=1",
        "--aptopt=Acquire::http::Timeout=10",
        ...script === undefined ? [] : [`--customize-hook=${script}`],
        SUITE,
        `${work}/root.tar`,
        MIRROR,
      ],
      env: {
        LC_ALL: "C",
        TMPDIR: work,
        // It calls its own tar filter by name.
        PATH: `${programs}:/usr/sbin:/usr/bin:/sbin:/bin`,
      },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(LIMIT_MS),
    }).output();
    if (!success) return `mmdebstrap failed: ${lastError(new TextDecoder().decode(stderr))}`;
    for await (const { name: old } of Deno.readDir(base)) {
      if (new RegExp(`^${name}-[0-9a-f]{16}\\.tar$`).test(old)) await Deno.remove(`${base}/${old}`);
    }
    await Deno.rename(`${work}/root.tar`, tar);
    return undefined;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

function lastError(text: string): string {
  const lines = text.trim().split("\n");
  return (lines.findLast((line) => line.startsWith("E:")) ?? lines.at(-1) ?? "").slice(0, 300);
}

async function present(
  engine: EngineClient,
  reference: string,
): Promise<{ readonly id: string; readonly content: string | undefined } | undefined> {
  try {
    const { Id, Config } = await engine.images.inspect(reference);
    return { id: Id, content: Config?.Labels?.[CONTENT_LABEL] };
  } catch (error) {
    if (error instanceof ImageNotFoundError) return undefined;
    throw error;
  }
}

async function contentHash(recipe: DebianImageRecipe): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify([SUITE, recipe]));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 16);
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}
