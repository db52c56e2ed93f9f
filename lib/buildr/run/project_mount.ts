import type { EngineClient, ReadEnv } from "../../engine/mod.ts";
import { PROJECT_DIR, SOCKET_PATH } from "./labels.ts";

/** Where the project and the engine's socket are, as the engine sees it. */
export interface ProjectMount {
  /** The project on the engine's machine; `undefined` when it is not there, so it must be copied. */
  readonly directory: string | undefined;
  /** Why it is not there. */
  readonly reason: string | undefined;
  /** The engine's socket on the engine's machine; `undefined` when none is to be mounted. */
  readonly socket: string | undefined;
}

/** Tells a run inside of a stage where things of the stage are on the host. */
export const HOST_PROJECT_VARIABLE = "BUILDR_HOST_PROJECT_DIR";
/** The same, for the engine's socket. */
export const HOST_SOCKET_VARIABLE = "BUILDR_HOST_DOCKER_SOCK";

/**
 * Finds out where the engine has the project and its own socket.
 *
 * The paths of a bind are the engine's. They are ours too unless the engine is on another machine,
 * or we run in a container ourselves: then `BUILDR_HOST_PROJECT_DIR` says what
 * `BUILDR_PROJECT_DIR` (`/app`) is outside; buildr sets it in every stage.
 *
 * @param engine The engine.
 * @param directory The project, as we see it.
 * @param env Reads environment variables.
 * @param socket What the user says about the socket.
 */
export function projectMount(
  engine: EngineClient,
  directory: string,
  env: ReadEnv,
  socket: string | false | undefined,
): ProjectMount {
  const { endpoint } = engine;
  const isLocal = endpoint.kind === "unix";
  const ownSocket = env(HOST_SOCKET_VARIABLE) || (isLocal ? endpoint.path : SOCKET_PATH);
  const shared = { socket: socket === false ? undefined : socket ?? ownSocket };
  if (!isLocal) {
    return { ...shared, directory: undefined, reason: `the engine is at ${engine.host}` };
  }
  const outside = env(HOST_PROJECT_VARIABLE);
  if (outside === undefined) return { ...shared, directory, reason: undefined };
  const inside = env("BUILDR_PROJECT_DIR") || PROJECT_DIR;
  const isInside = directory === inside || directory.startsWith(`${inside}/`);
  if (outside !== "" && isInside) {
    return { ...shared, directory: outside + directory.slice(inside.length), reason: undefined };
  }
  const reason = "this runs in a container, and the project is not a part of its host's";
  return { ...shared, directory: undefined, reason };
}
