import { EngineSetupError } from "./engine_setup_error.ts";

/** Requires a system that dockerd runs on. */
export function requireLinux(): void {
  if (Deno.build.os === "linux") return;
  const [system, hint] = Deno.build.os === "darwin"
    ? ["macOS", "start Docker Desktop, or run: colima start"]
    : Deno.build.os === "windows"
    ? ["Windows", "start Docker Desktop with its port 2375 open, or run this inside WSL"]
    : [Deno.build.os, "set DOCKER_HOST to an engine on another machine"];
  throw new EngineSetupError({
    step: "platform",
    problem: `Cannot start an engine on ${system}: dockerd runs on Linux only`,
    hint,
  });
}

/** Requires control groups: without them dockerd starts, and every container fails. */
export async function requireCgroups(): Promise<void> {
  const mounts = await readMounts();
  if (mounts.some((mount) => mount.type === "cgroup" || mount.type === "cgroup2")) return;
  throw new EngineSetupError({
    step: "start",
    problem: "Cannot start an engine: no control groups are mounted",
    hint: "run as root: mount -t cgroup2 none /sys/fs/cgroup",
  });
}

/**
 * Requires free space where a directory is or will be.
 *
 * @param purpose What the space is for: "keep images".
 */
export async function requireSpace(
  directory: string,
  wantedBytes: number,
  purpose: string,
  hint: string,
): Promise<void> {
  const { bavail, bsize } = fileSystemModule().statfsSync(await nearestExisting(directory));
  const freeBytes = bavail * bsize;
  if (freeBytes >= wantedBytes) return;
  throw new EngineSetupError({
    step: "space",
    problem: `Cannot ${purpose} in ${JSON.stringify(directory)}: ` +
      `${megabytes(wantedBytes)} of free space are needed, ${megabytes(freeBytes)} are there`,
    hint,
  });
}

interface FileSystemModule {
  statfsSync(path: string): { readonly bavail: number; readonly bsize: number };
}

// Deno itself cannot tell free space. Asked for on first use: an import of node:fs costs 20 ms, and
// one that the type checker sees gives `setTimeout` another type in the whole program.
function fileSystemModule(): FileSystemModule {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): FileSystemModule };
  };
  return process.getBuiltinModule("node:fs");
}

/** One mounted file system. */
export interface MountInfo {
  /** Where. */
  readonly path: string;
  /** For example `ext4`. */
  readonly type: string;
}

/** Lists what is mounted, in the order of mounting. */
export async function readMounts(): Promise<readonly MountInfo[]> {
  const text = await Deno.readTextFile("/proc/self/mountinfo");
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const [before = "", after = ""] = line.split(" - ");
    return { path: unescapeOctal(before.split(" ")[4] ?? ""), type: after.split(" ")[0] ?? "" };
  });
}

/** The type of the file system that a directory is or will be on. */
export async function fileSystemOf(directory: string): Promise<string> {
  const real = await Deno.realPath(await nearestExisting(directory));
  let best: MountInfo = { path: "", type: "unknown" };
  for (const mount of await readMounts()) {
    const inside = mount.path === "/" || real === mount.path || real.startsWith(`${mount.path}/`);
    if (inside && mount.path.length >= best.path.length) best = mount;
  }
  return best.type;
}

async function nearestExisting(path: string): Promise<string> {
  for (let current = path; current !== "";) {
    try {
      await Deno.stat(current);
      return current;
    } catch {
      current = current.slice(0, current.lastIndexOf("/"));
    }
  }
  return "/";
}

// Spaces, tabs, newlines and backslashes stand as \040 and so on (man 5 proc).
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e6)} MB`;
}
