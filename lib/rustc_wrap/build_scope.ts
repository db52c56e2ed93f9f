import { parentOf } from "./_paths.ts";

/** One run of cargo: all wrappers that it starts belong together. */
export interface BuildScope {
  /** Names it on this machine: the process and when it started. */
  readonly id: string;
  /** Says something that counts for the whole build, once; the others find it said. */
  tellOnce(topic: string, text: string): void;
  /** Whether something was told with {@linkcode BuildScope.tellOnce} in this build. */
  wasTold(topic: string): boolean;
  /** Why no container is to be tried any more in this build. */
  giveUp(reason: string): void;
  /** What {@linkcode BuildScope.giveUp} was given, by any wrapper of this build. */
  readonly givenUp: string | undefined;
}

/** What a {@linkcode buildScope} needs. */
export interface BuildScopeOptions {
  /** Where notes are kept between the wrappers; `undefined`: each is for itself. */
  readonly cacheDir: string | undefined;
  /** The process that started this one: cargo. */
  readonly parentPid: number;
  /** Takes what is said. */
  readonly say: (text: string) => void;
}

/** Notes of builds that ended long ago. */
const OLD_MS = 24 * 3600_000;

/**
 * Finds out which run of cargo this call is of.
 *
 * @param options Process and directory.
 * @returns The scope.
 */
export function buildScope(options: BuildScopeOptions): BuildScope {
  const id = `${options.parentPid}-${startTime(options.parentPid)}`;
  const directory = options.cacheDir === undefined ? undefined : `${options.cacheDir}/builds`;
  const note = (topic: string) => `${directory}/${id}.${topic}`;
  return {
    id,
    tellOnce(topic, text) {
      if (directory !== undefined && !createNew(note(topic), text)) return;
      options.say(text);
      if (directory !== undefined) removeOld(directory);
    },
    wasTold(topic) {
      try {
        return directory !== undefined && Deno.statSync(note(topic)).isFile;
      } catch {
        return false;
      }
    },
    giveUp(reason) {
      if (directory === undefined) return;
      createNew(note("given-up"), reason);
    },
    get givenUp() {
      try {
        return directory === undefined ? undefined : Deno.readTextFileSync(note("given-up"));
      } catch {
        return undefined;
      }
    },
  };
}

/** Says whether the file is ours; a directory that cannot be written makes everybody say it. */
function createNew(path: string, text: string): boolean {
  try {
    Deno.mkdirSync(parentOf(path), { recursive: true });
    Deno.writeTextFileSync(path, text, { createNew: true });
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.AlreadyExists);
  }
}

function removeOld(directory: string): void {
  try {
    for (const { name } of Deno.readDirSync(directory)) {
      const path = `${directory}/${name}`;
      if (Date.now() - (Deno.statSync(path).mtime?.getTime() ?? 0) > OLD_MS) Deno.removeSync(path);
    }
  } catch {
    // not there, or somebody else is at it
  }
}

/** Numbers of processes are used again; with its time of start, a process is unique. */
function startTime(pid: number): string {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // The name of the program is in parentheses and may have blanks; field 22 is 19 after it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "0";
  } catch {
    return "0";
  }
}
