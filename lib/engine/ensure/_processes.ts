/** A process, told apart from a later one with the same number by when it started. */
export interface ProcessIdentity {
  /** Its number in our own PID namespace. */
  readonly pid: number;
  /** When it started, in clock ticks since the machine did. */
  readonly startTicks: number;
}

/** What `/proc` says about a process. */
export interface ProcessInfo extends ProcessIdentity {
  /** Its parent. */
  readonly parent: number;
  /** Its command line. */
  readonly argv: readonly string[];
}

/** Reads one process; `undefined` if it is gone, or a zombie, which is as good as gone. */
export async function readProcess(pid: number): Promise<ProcessInfo | undefined> {
  try {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    // The name in parentheses may itself hold spaces and parentheses (man 5 proc).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    const cmdline = await Deno.readTextFile(`/proc/${pid}/cmdline`);
    return {
      pid,
      parent: Number(fields[1]),
      startTicks: Number(fields[19]),
      argv: cmdline.split("\0").slice(0, -1),
    };
  } catch {
    return undefined; // gone, in between or before; other reasons do not exist for these files
  }
}

/** Lists all processes that we can see. */
export async function listProcesses(): Promise<readonly ProcessInfo[]> {
  const found: ProcessInfo[] = [];
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    const info = await readProcess(Number(entry.name));
    if (info !== undefined) found.push(info);
  }
  return found;
}

/** Tells whether this very process still runs. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await readProcess(identity.pid))?.startTicks === identity.startTicks;
}

/**
 * Names the set of processes that a process number is valid in: the random name that the machine
 * gives itself at each start, and our PID namespace, which is new when a container is.
 */
export async function processScope(): Promise<string> {
  const boot = (await Deno.readTextFile("/proc/sys/kernel/random/boot_id")).trim();
  return `${boot} ${await Deno.readLink("/proc/self/ns/pid")}`;
}
