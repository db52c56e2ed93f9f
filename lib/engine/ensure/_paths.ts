import { errorMessage } from "../../errors/error_message.ts";
import { MAX_SOCKET_PATH_BYTES } from "../endpoint.ts";
import { type ReadEnv, stateDirectory } from "../state.ts";
import { EngineSetupError } from "./engine_setup_error.ts";

/** Where the engine that `ensureEngine()` starts keeps everything. */
export interface EnginePaths {
  /** Holds all that follows, except the lock. */
  readonly directory: string;
  /** The engine as `DOCKER_HOST` has it. */
  readonly host: string;
  /** dockerd's socket. */
  readonly socket: string;
  /** dockerd's number; it writes the file itself. */
  readonly pidfile: string;
  /** dockerd's output. */
  readonly log: string;
  /** dockerd's configuration: how much of its builds it keeps. */
  readonly config: string;
  /** Who was started, see `_record.ts`. */
  readonly record: string;
  /** Images, containers and volumes. */
  readonly data: string;
  /** What dockerd keeps while it runs. */
  readonly exec: string;
  /** Keeps two `ensureEngine()` or `stopEngine()` from working at once. */
  readonly lock: string;
}

/** The longest path of a socket below the directory; dockerd's containerd makes it. */
const LONGEST_SOCKET = "exec/containerd/containerd.sock.ttrpc";

// Tried with dockerd 20.10: a comma ends its start ("boltdb supports one endpoint"), a colon or a
// backslash costs it the overlay driver, and with a percent sign it writes elsewhere, because it
// takes its data directory for a format.
// deno-lint-ignore no-control-regex -- control characters are not wanted either
const FOREIGN_CHARACTERS = /[,:%\\\x00-\x1f\x7f]/;

/**
 * Finds where the engine's files are.
 *
 * @throws {EngineSetupError} when no state directory is known, or its path is too long for sockets
 * or has characters that dockerd stumbles over.
 */
export function enginePaths(env: ReadEnv): EnginePaths {
  let state: string;
  try {
    state = stateDirectory(env);
  } catch (error) {
    throw new EngineSetupError({
      step: "state",
      problem: errorMessage(error),
      hint: "set HOME or XDG_STATE_HOME",
    });
  }
  const directory = `${state}/engine`;
  const foreign = FOREIGN_CHARACTERS.exec(directory)?.[0];
  if (foreign !== undefined) {
    throw new EngineSetupError({
      step: "state",
      problem:
        `Cannot keep an engine in ${JSON.stringify(directory)}: dockerd does not work with ` +
        `${JSON.stringify(foreign)} in a path`,
      hint: "set XDG_STATE_HOME to another directory",
    });
  }
  const bytes = new TextEncoder().encode(`${directory}/${LONGEST_SOCKET}`).length;
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    throw new EngineSetupError({
      step: "state",
      problem: `Cannot keep an engine in ${JSON.stringify(directory)}: the path of a socket ` +
        `holds at most ${MAX_SOCKET_PATH_BYTES} bytes, and one of the engine's would have ${bytes}`,
      hint: "set XDG_STATE_HOME to a shorter directory",
    });
  }
  const socket = `${directory}/docker.sock`;
  return {
    directory,
    host: `unix://${socket}`,
    socket,
    pidfile: `${directory}/dockerd.pid`,
    log: `${directory}/dockerd.log`,
    config: `${directory}/daemon.json`,
    record: `${directory}/engine.json`,
    data: `${directory}/data`,
    exec: `${directory}/exec`,
    lock: `${state}/engine.lock`,
  };
}
