/** What is looked at. */
export type CheckName =
  | "engine"
  | "context"
  | "socket"
  | "podman"
  | "version"
  | "api"
  | "storage"
  | "buildkit"
  | "cgroups"
  | "warnings"
  | "disk"
  | "leftovers"
  | "container"
  | "dns";

/** `warning`: things work, though not as well or as safely as they could; `failure`: they do not. */
export type CheckState = "ok" | "warning" | "failure";

/** What one check found. */
export interface CheckResult {
  /** What was looked at. */
  readonly name: CheckName;
  /** How it is. */
  readonly state: CheckState;
  /** One line, for people. */
  readonly message: string;
  /** What mends it: a command, or what to do in words; absent where there is nothing to mend. */
  readonly mend?: string;
}

/** A check that has its result still without its name. */
export type Finding = Omit<CheckResult, "name">;

/** Everything is as it should be. */
export function ok(message: string): Finding {
  return { state: "ok", message };
}

/** It works, though not as it should. */
export function warning(message: string, mend?: string): Finding {
  return { state: "warning", message, ...(mend === undefined ? {} : { mend }) };
}

/** It does not work. */
export function failure(message: string, mend?: string): Finding {
  return { state: "failure", message, ...(mend === undefined ? {} : { mend }) };
}

/** Words of a daemon or the system as one line that cannot drive a terminal. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, "; ").replace(
    /\p{Cc}/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  ).slice(0, 500);
}
