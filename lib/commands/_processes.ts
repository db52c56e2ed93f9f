/** One line of the system's process table. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  /** Clock ticks since the machine started: with the pid it names a process for good. */
  readonly startTime: string;
}

/**
 * Lists the processes that are alive (zombies are not) from `/proc`.
 *
 * @returns `undefined` where there is no `/proc`, or Deno was not run with `--allow-all`, which it
 * asks for before it opens anything there.
 */
export function listProcesses(): readonly ProcessEntry[] | undefined {
  if (Deno.build.os !== "linux") return undefined;
  // Asked first, or Deno would ask the person at the terminal.
  const { state } = Deno.permissions.querySync({ name: "read", path: "/proc" });
  if (state !== "granted") return undefined;
  try {
    const entries: ProcessEntry[] = [];
    for (const { name } of Deno.readDirSync("/proc")) {
      const entry = /^\d+$/.test(name) ? readEntry(name) : undefined;
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  } catch {
    return undefined; // no permission: callers have a way without
  }
}

function readEntry(pid: string): ProcessEntry | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined; // ended while we looked
  }
  // proc(5): "pid (name) state ppid pgrp …"; the name may hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state = "", parentPid, groupId] = fields;
  if (state === "Z" || state === "X") return undefined;
  return {
    pid: Number(pid),
    parentPid: Number(parentPid),
    groupId: Number(groupId),
    startTime: fields[19] ?? "",
  };
}
