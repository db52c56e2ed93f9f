/** What buildr labels its things on an engine with, beside the labels of `containers`. */
export const BUILDR_LABEL = {
  /** What it is: `stage`, `service`, `snapshot` or `prepared`. */
  kind: "org.superorch.buildr",
  /** Id of the build that an agent runs, see `RunPlanOptions.buildId`. */
  build: "org.superorch.buildr.build",
  /** Absolute path of the project. */
  directory: "org.superorch.buildr.directory",
  /** Key of a snapshot. */
  snapshot: "org.superorch.buildr.snapshot",
} as const;

/** What a thing of buildr's is. */
export type BuildrKind = "stage" | "service" | "snapshot" | "prepared";

/** Where the project is in every container. */
export const PROJECT_DIR = "/app";

/** Where the engine's socket is in every container that has it. */
export const SOCKET_PATH = "/var/run/docker.sock";

/** Where files with secrets are, in memory. */
export const SECRETS_DIR = "/run/buildr-secrets";

/** Directory below the project that takes artifacts. */
export const OUT_DIR = ".buildr-out";

/**
 * Makes a name for the engine of any text.
 *
 * @param text For example `unit[node=20]`.
 * @returns At most 40 letters, digits, `_`, `.` and `-`.
 */
export function engineWord(text: string): string {
  const word = text.replace(/[^a-zA-Z0-9_.-]+/g, "-").replace(/^[^a-zA-Z0-9]+|-+$/g, "");
  return word.slice(0, 40) || "x";
}
