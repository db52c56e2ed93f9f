import type { ContainerOptions, FileSpec, VolumeSpec } from "./spec.ts";

/** The part of a container's options that makes it run a program of this machine. */
export interface EntrypointOptions {
  /** The program and its arguments, in the container. */
  readonly entrypoint: readonly string[];
  /** Nothing of the image's own arguments is left. */
  readonly command: readonly string[];
  /** What is mounted for it. */
  readonly volumes?: readonly VolumeSpec[];
  /** What is copied for it. */
  readonly files?: readonly FileSpec[];
  /** What it needs to know. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Where programs of the host are put; no image has such a directory. */
const DIRECTORY = "/.superorch";

/**
 * Runs a program of this machine in a container by mounting it. The engine must be on this machine,
 * and the program must fit the image: static, or with libraries that the image has.
 *
 * @param program Path of the program, relative to the working directory.
 * @param args Its arguments.
 * @returns Options to spread into those of a container.
 * @example
 * ```ts
 * import { container, externalEntrypoint } from "@superorch/superorch/containers";
 *
 * const spec = container("worker", "debian:12-slim", {
 *   ...externalEntrypoint("target/release/worker", ["--verbose"]),
 * });
 * console.log(spec.entrypoint); // ["/.superorch/worker", "--verbose"]
 * ```
 */
export function externalEntrypoint(
  program: string,
  args: readonly string[] = [],
): EntrypointOptions {
  const target = `${DIRECTORY}/${baseName(program)}`;
  return {
    entrypoint: [target, ...args],
    command: [],
    volumes: [{ bind: program, target, readOnly: true }],
  };
}

/**
 * Runs a program of this machine in a container by copying it, which works with an engine on
 * another machine too.
 *
 * @param program Path of the program, relative to the working directory.
 * @param args Its arguments.
 * @returns Options to spread into those of a container.
 */
export function copyEntrypoint(program: string, args: readonly string[] = []): EntrypointOptions {
  const target = `${DIRECTORY}/${baseName(program)}`;
  return {
    entrypoint: [target, ...args],
    command: [],
    files: [{ target, source: program, mode: 0o555 }],
  };
}

/** How this program is run again in a container. */
export interface SelfEntrypointOptions {
  /** Arguments, which tell it what its role is. */
  readonly args?: readonly string[];
  /**
   * Directory with everything that the script imports from this machine. Default: that of the main
   * module.
   */
  readonly root?: string;
  /** Deno's own flags. Default `["-A"]`. */
  readonly flags?: readonly string[];
  /** Whether to mount (engine on this machine) or to copy. Default `mount`. */
  readonly by?: "mount" | "copy";
  /** The main module. Default `Deno.mainModule`. */
  readonly mainModule?: string;
}

/**
 * Runs this very program again in a container: one program that is the orchestrator on the host and
 * each role inside.
 *
 * A script takes Deno itself along (120 MB, linked against glibc: Debian, Ubuntu and Fedora images
 * fit, Alpine and busybox do not) and its directory; modules of npm and JSR come from this machine's
 * cache. A binary made by `deno compile` takes only itself along. Copied, it takes of the cache only
 * what was downloaded, so that equal programs are equal for a network that is kept.
 *
 * Permissions: `--allow-read` of the executable, `--allow-env=DENO_DIR,XDG_CACHE_HOME,HOME`.
 *
 * @param options Arguments, root, flags.
 * @returns Options to spread into those of a container.
 * @throws {TypeError} when the main module is not a file, or lies outside of the root.
 */
export function selfEntrypoint(options: SelfEntrypointOptions = {}): EntrypointOptions {
  const { args = [], by = "mount", flags = ["-A"] } = options;
  const wrap = by === "mount" ? externalEntrypoint : copyEntrypoint;
  const standalone = (Deno.build as { standalone?: boolean }).standalone === true;
  if (standalone) return wrap(Deno.execPath(), args);
  const main = mainPath(options.mainModule ?? Deno.mainModule);
  const root = (options.root ?? main.slice(0, main.lastIndexOf("/"))).replace(/\/+$/, "");
  if (!main.startsWith(`${root}/`)) {
    throw new TypeError(`Cannot run "${main}" in a container: it is not within "${root}"`);
  }
  const app = `${DIRECTORY}/app`;
  const script = `${app}${main.slice(root.length)}`;
  const deno = wrap(Deno.execPath(), ["run", ...flags, "--no-lock", script, ...args]);
  const cache = denoCache();
  const inCache = by === "mount"
    ? [""]
    : ["/npm", "/remote"].filter((part) => isThere(cache, part));
  const directories = [
    { from: root, to: app },
    ...(cache === undefined
      ? []
      : inCache.map((part) => ({ from: `${cache}${part}`, to: `${DIRECTORY}/cache${part}` }))),
  ];
  return {
    ...deno,
    ...(by === "mount"
      ? {
        volumes: [
          ...deno.volumes!,
          ...directories.map(({ from, to }) => ({ bind: from, target: to, readOnly: true })),
        ],
      }
      : {
        files: [
          ...deno.files!,
          ...directories.map(({ from, to }) => ({ target: to, source: from })),
        ],
      }),
    // What is compiled goes elsewhere: the cache is shared and cannot be written to.
    env: { DENO_NO_UPDATE_CHECK: "1", DENO_DIR: `${DIRECTORY}/cache` },
  };
}

/**
 * Puts options together: lists are joined and maps merged, where a spread would replace them.
 *
 * @param parts Options, later ones win.
 * @returns The whole.
 */
export function mergeOptions(...parts: readonly Partial<ContainerOptions>[]): ContainerOptions {
  const merged: Record<string, unknown> = {};
  for (const part of parts) {
    for (const [key, value] of Object.entries(part)) {
      const before = merged[key];
      if (key === "volumes" || key === "files" || key === "ports") {
        merged[key] = [...(before as unknown[] ?? []), ...(value as unknown[])];
      } else if (key === "env" || key === "labels") {
        merged[key] = { ...(before as object | undefined), ...(value as object) };
      } else merged[key] = value;
    }
  }
  return merged;
}

function mainPath(module: string): string {
  if (!module.startsWith("file://")) {
    throw new TypeError(
      `Cannot run ${module} in a container: it is no file of this machine; download or bundle it`,
    );
  }
  return decodeURIComponent(new URL(module).pathname);
}

// Only what was downloaded is copied: what was compiled from it is large, and another one each time.
function isThere(cache: string | undefined, part: string): boolean {
  try {
    return cache !== undefined && Deno.statSync(`${cache}${part}`).isDirectory;
  } catch {
    return false; // nothing of that kind was ever downloaded
  }
}

// As `deno info` prints it, without starting a process for it.
function denoCache(): string | undefined {
  const given = Deno.env.get("DENO_DIR");
  if (given) return given;
  const base = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME") ?? ""}/.cache`;
  try {
    return Deno.statSync(`${base}/deno`).isDirectory ? `${base}/deno` : undefined;
  } catch {
    return undefined; // nothing was ever cached
  }
}

function baseName(path: string): string {
  return path.replace(/\/+$/, "").replace(/^.*[\\/]/, "");
}
