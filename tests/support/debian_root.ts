import { cacheDirectory } from "../../lib/engine/state.ts";
import { FileLock } from "../../lib/files/mod.ts";
import { debianFiles } from "./debian_packages.ts";

/** A machine of Debian's, as a program sees it, or why there is none. */
export type DebianRoot =
  | { readonly starter: readonly string[]; readonly root: string; readonly skip?: undefined }
  | { readonly starter?: undefined; readonly root?: undefined; readonly skip: string };

/** What is installed on it besides Debian's essential packages. */
export interface DebianRootRecipe {
  /** Word of its directory. */
  readonly name: string;
  /** Packages, some as `name:architecture`. */
  readonly packages: readonly string[];
  /** Architectures beside our own. */
  readonly foreign?: readonly string[];
}

const SUITE = "bookworm";
const MIRROR = "http://deb.debian.org/debian";
/** Compilers and libraries for three processors took 150 s on two busy cores. */
const LIMIT_MS = 420_000;

/**
 * Makes a root directory with installed Debian packages in the cache directory, once, and says how a
 * program is started that has it for its own: `/usr`, `/etc` and the list of installed packages are
 * those of the root, and everything else, this Deno among it, is the machine's. No other process
 * sees that.
 *
 * @param recipe What is installed.
 * @returns Words to put before a program, or a reason to skip.
 */
export async function debianRoot(recipe: DebianRootRecipe): Promise<DebianRoot> {
  const problem = await cannotMake();
  if (problem !== undefined) return { skip: problem };
  const base = `${cacheDirectory()}/tests/debian`;
  const content = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(recipe))),
  ).toHex().slice(0, 16);
  const root = `${base}/root-${recipe.name}-${content}`;
  await using _lock = await FileLock.acquire(`${root}.lock`, {
    parents: true,
    timeoutMs: LIMIT_MS,
  });
  if (!await isDirectory(root)) {
    const skip = await bootstrap(recipe, root);
    if (skip !== undefined) return { skip };
  }
  return { root, starter: ["unshare", "-m", "sh", "-c", ENTER, root, await deno()] };
}

/** Deno is where the root's own files are, and has to stay there. */
const ENTER = `root=$0
deno=$1
shift
case "$deno" in /usr/*)
  mkdir -p "$root\${deno%/*}" && : >>"$root$deno" && mount --bind "$deno" "$root$deno" || exit 125 ;;
esac
mount --bind "$root/etc" /etc && mount --bind "$root/var/lib/dpkg" /var/lib/dpkg &&
  mount --rbind "$root/usr" /usr || exit 125
exec "$@"`;

async function deno(): Promise<string> {
  return await Deno.realPath(Deno.execPath());
}

async function cannotMake(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "Debian is made on Linux only";
  if (Deno.uid() !== 0) return "only root can make a Debian root";
  // `/bin` and its like lead into `/usr` there and must do so here.
  if (!(await Deno.lstat("/bin")).isSymlink) return "this machine has a /bin of its own";
  for (const [program, ...args] of [["perl", "-e", "1"], ["unshare", "-m", "true"]]) {
    const { success } = await new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output().catch(() => ({ success: false }));
    if (!success) return `${program} cannot be used`;
  }
  return undefined;
}

/** Compilers of other processors are 150 MB each, and nobody runs them. */
const UNUSED = ["libLLVM*", "librustc_driver-*", "libicu*", "libz3*"];
const MULTIARCH: Readonly<Record<string, string>> = {
  arm64: "aarch64-linux-gnu",
  armhf: "arm-linux-gnueabihf",
  i386: "i386-linux-gnu",
};

async function bootstrap(
  { packages, foreign = [] }: DebianRootRecipe,
  root: string,
): Promise<string | undefined> {
  const files = await debianFiles({ packages: ["mmdebstrap"] });
  if (files.root === undefined) return files.skip;
  const programs = `${files.root}/usr/bin`;
  const work = await Deno.makeTempDir({ dir: root.replace(/[^/]*$/, ""), prefix: ".root-" });
  const excluded = [
    ...["doc", "man", "locale", "info"].map((part) => `/usr/share/${part}/*`),
    ...foreign.flatMap((name) => UNUSED.map((file) => `/usr/lib/${MULTIARCH[name]}/${file}`)),
  ];
  try {
    // What it mounts for the time of the installation is seen by nobody else, and gone with it.
    const { success, stderr } = await new Deno.Command("unshare", {
      args: [
        ...["-m", "perl", `${programs}/mmdebstrap`],
        "--mode=root",
        "--variant=minbase",
        "--format=directory",
        `--architectures=${[ownArchitecture(), ...foreign].join(",")}`,
        `--include=${packages.join(",")}`,
        ...excluded.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
        "--aptopt=Acquire::Retries=1",
        "--aptopt=Acquire::http::Timeout=10",
        SUITE,
        `${work}/root`,
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
    await Deno.rename(`${work}/root`, root);
    return undefined;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

function ownArchitecture(): string {
  return Deno.build.arch === "x86_64" ? "amd64" : "arm64";
}

function lastError(text: string): string {
  const lines = text.trim().split("\n");
  return (lines.findLast((line) => line.startsWith("E:")) ?? lines.at(-1) ?? "").slice(0, 300);
}

async function isDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isDirectory, () => false);
}
