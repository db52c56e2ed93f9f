/**
 * A process, told apart from every other one there was or will be: a process id alone is used
 * again after a while.
 */
export interface Owner {
  /** `/etc/machine-id`. */
  readonly machine: string;
  /** Id of the boot of the kernel. */
  readonly boot: string;
  /** Number of the PID namespace; ids mean something else in another one. */
  readonly pidNamespace: string;
  /** Process id. */
  readonly pid: number;
  /** Start of the process, in clock ticks since the boot. */
  readonly startTicks: string;
}

/** The label of a process that cannot be told apart; a sweep never judges it. */
export const UNKNOWN_OWNER = "unknown";

/**
 * Finds out who this process is.
 *
 * Permissions: Deno gives `/proc` only to `--allow-all`.
 *
 * @param pid The process. Default: this one.
 * @returns The owner; `undefined` outside of Linux, without the permission, or when it is gone.
 */
export async function identifyProcess(pid: number = Deno.pid): Promise<Owner | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const [machine, boot, pidNamespace, stat] = await Promise.all([
      Deno.readTextFile("/etc/machine-id").catch(() => Deno.hostname()),
      Deno.readTextFile("/proc/sys/kernel/random/boot_id"),
      Deno.readLink("/proc/self/ns/pid"),
      Deno.readTextFile(`/proc/${pid}/stat`),
    ]);
    const startTicks = startTicksOf(stat);
    if (startTicks === undefined) return undefined;
    return {
      machine: machine.trim(),
      boot: boot.trim(),
      pidNamespace: pidNamespace.replace(/\D/g, ""),
      pid,
      startTicks,
    };
  } catch {
    return undefined; // no such process, or no permission: there is nothing to say about it
  }
}

// The 22nd field (man 5 proc). The second one is the program's name in parentheses and may hold
// spaces and parentheses, so counting starts after the last one. A zombie is as good as gone.
function startTicksOf(stat: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

/**
 * Writes an owner as a label value.
 *
 * @param owner The process; `undefined` becomes {@linkcode UNKNOWN_OWNER}.
 * @returns `machine:boot:namespace:pid:start`.
 */
export function formatOwner(owner: Owner | undefined): string {
  if (owner === undefined) return UNKNOWN_OWNER;
  const { machine, boot, pidNamespace, pid, startTicks } = owner;
  return `${machine}:${boot}:${pidNamespace}:${pid}:${startTicks}`;
}

/**
 * Reads a label value back.
 *
 * @param label What {@linkcode formatOwner} wrote, or anything.
 * @returns The owner, `undefined` when it is none.
 */
export function parseOwner(label: string): Owner | undefined {
  const [machine, boot, pidNamespace, pid, startTicks, ...rest] = label.split(":");
  if (!machine || !boot || !pidNamespace || !startTicks || rest.length > 0) return undefined;
  if (!/^\d+$/.test(pid ?? "") || !/^\d+$/.test(startTicks)) return undefined;
  return { machine, boot, pidNamespace, pid: Number(pid), startTicks };
}

/** What can be said about the process that made something. */
export type OwnerState = "alive" | "dead" | "unknown";

/**
 * Judges whether an owner still lives, as seen from this process.
 *
 * @param owner Who made it.
 * @param self This process.
 * @returns `unknown` for another machine or PID namespace: nobody may judge from here.
 */
export async function ownerState(
  owner: Owner | undefined,
  self: Owner | undefined,
): Promise<OwnerState> {
  if (owner === undefined || self === undefined || owner.machine !== self.machine) return "unknown";
  if (owner.boot !== self.boot) return "dead";
  if (owner.pidNamespace !== self.pidNamespace) return "unknown";
  const now = await identifyProcess(owner.pid);
  return now !== undefined && now.startTicks === owner.startTicks ? "alive" : "dead";
}
