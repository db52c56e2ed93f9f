import { listProcesses, type ProcessEntry } from "./_processes.ts";

/** A program and what it has started, as one thing to send signals to. */
export interface ProcessScope {
  /** Sends a signal to all; `false` if there is nobody. */
  signal(name: Deno.Signal): boolean;
  /** Takes note of who is there, for the time when the program itself is gone. */
  look(): void;
  /** Whether anybody is left. */
  isAlive(): boolean;
  /** Says that the program itself has ended and its pid may be given to another one. */
  leaderEnded(): void;
}

/** Signal 0 asks whether somebody is there and does nothing to them (kill(2)). */
const PROBE = 0 as unknown as Deno.Signal;

/** A process group that the program leads. */
export class GroupScope implements ProcessScope {
  readonly #pid: number;
  #leaderEnded = false;

  /** Makes the scope of a program that was started in a group of its own. */
  constructor(pid: number) {
    this.#pid = pid;
  }

  signal(name: Deno.Signal): boolean {
    return !this.#pidIsReused() && send(-this.#pid, name);
  }

  look(): void {} // the system knows the members of a group

  isAlive(): boolean {
    if (this.#pidIsReused() || !send(-this.#pid, PROBE)) return false;
    if (!this.#leaderEnded) return true;
    // Where process 1 does not collect orphans (a container without init) zombies stay members of
    // the group for ever; they are not anybody.
    const processes = listProcesses();
    return processes === undefined || processes.some(({ groupId }) => groupId === this.#pid);
  }

  leaderEnded(): void {
    this.#leaderEnded = true;
  }

  // The system gives a pid to nobody while a group has that number: a process with the pid of a
  // leader that has ended is a stranger, and our group has no members left.
  #pidIsReused(): boolean {
    return this.#leaderEnded && send(this.#pid, PROBE);
  }
}

/**
 * Whether we may signal processes that are not our direct children, and so use groups: Deno wants
 * `--allow-run` without a list of programs for that.
 */
export function canSignalGroups(): boolean {
  return Deno.build.os !== "windows" &&
    Deno.permissions.querySync({ name: "run" }).state === "granted";
}

/**
 * A program in our own process group and what can be found below it in the process table. What has
 * been left behind by its own parent before anybody looked is not found.
 */
export class TreeScope implements ProcessScope {
  readonly #child: Deno.ChildProcess;
  readonly #known: Map<number, string> = new Map();
  #leaderEnded = false;

  /** Makes the scope of a program that was started in our own group. */
  constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  signal(name: Deno.Signal): boolean {
    // Parents first: a shell whose child dies before it hears the signal goes on with its script.
    const below = this.#living();
    const sent = [this.#signalLeader(name), ...below.map(({ pid }) => send(pid, name))];
    return sent.includes(true);
  }

  look(): void {
    this.#living();
  }

  isAlive(): boolean {
    return !this.#leaderEnded || (this.#known.size > 0 && this.#living().length > 0);
  }

  leaderEnded(): void {
    this.#leaderEnded = true;
  }

  #signalLeader(name: Deno.Signal): boolean {
    if (this.#leaderEnded) return false;
    try {
      this.#child.kill(name);
      return true;
    } catch (error) {
      // It has ended, and the news is still on its way; or Windows, which knows few signals.
      if (error instanceof TypeError || error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  #living(): readonly ProcessEntry[] {
    const processes = canSignalGroups() ? listProcesses() ?? [] : [];
    const roots = this.#leaderEnded ? [] : [this.#child.pid];
    const isKnown = (entry: ProcessEntry) => this.#known.get(entry.pid) === entry.startTime;
    const parents = new Set([...roots, ...processes.filter(isKnown).map(({ pid }) => pid)]);
    for (let found = true; found;) {
      found = false;
      for (const { pid, parentPid, startTime } of processes) {
        if (!parents.has(parentPid) || parents.has(pid)) continue;
        parents.add(pid);
        this.#known.set(pid, startTime);
        found = true;
      }
    }
    return processes.filter((entry) => entry.pid !== this.#child.pid && isKnown(entry));
  }
}

function send(pid: number, name: Deno.Signal): boolean {
  try {
    Deno.kill(pid, name);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    // There, but not ours to signal: it runs as somebody else.
    if (error instanceof Deno.errors.PermissionDenied) return true;
    throw error;
  }
}
