import type { ContainerSummary, EngineClient } from "../engine/mod.ts";
import { execInteractively, type InteractiveExecOptions } from "./interactive_exec.ts";
import { LABEL } from "./labels.ts";

/** How {@linkcode autoExec} works. */
export interface AutoExecOptions extends InteractiveExecOptions {
  /** Whether it ends with the first program instead of waiting for the next container. */
  readonly once?: boolean;
  /** Takes what is going on, one line each. Default: nothing. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Waits for containers whose name begins with a prefix and runs a program in each, one after the
 * other: in a second terminal, a shell in the container of the test that is being debugged, each
 * time it is run again.
 *
 * The name counts that the container has in its network; else its name on the engine. The container
 * goes on when the program ends. It waits for the engine's events and does not poll.
 *
 * @param engine The engine.
 * @param prefix What the name begins with.
 * @param command Program and arguments, for example `["sh"]`.
 * @param options Streams, user, `once`.
 * @returns The exit code of the last program.
 * @throws {unknown} the signal's reason when that is aborted.
 */
export async function autoExec(
  engine: EngineClient,
  prefix: string,
  command: readonly string[],
  options: AutoExecOptions = {},
): Promise<number> {
  const { onProgress = () => {}, signal, once = false } = options;
  const seen = new Set<string>();
  const events = await engine.system.events({ types: ["container"], signal });
  let isTold = false;
  try {
    for (;;) {
      const found = await pick(engine, prefix, seen, onProgress, signal);
      if (found === undefined) {
        // Once: on an engine that others use something starts all the time.
        if (!isTold) onProgress(`waiting for a container whose name begins with "${prefix}"`);
        isTold = true;
        await nextStart(events);
        continue;
      }
      isTold = false;
      seen.add(found.Id);
      const address = Object.values(found.NetworkSettings?.Networks ?? {})[0]?.IPAddress ?? "";
      onProgress(`${nameOf(found)} ${found.Id.slice(0, 12)} ${address}`.trimEnd());
      const code = await execInteractively(engine, found.Id, command, options);
      if (once) return code;
    }
  } finally {
    await events.return?.(undefined);
  }
}

async function pick(
  engine: EngineClient,
  prefix: string,
  seen: ReadonlySet<string>,
  onProgress: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<ContainerSummary | undefined> {
  const running = await engine.containers.list({ all: false, signal });
  const matches = running.filter((one) => !seen.has(one.Id) && nameOf(one).startsWith(prefix));
  if (matches.length > 1) {
    const names = matches.map((one) => one.Names[0]?.slice(1)).join(", ");
    onProgress(`several match, taking the newest: ${names}`);
  }
  return matches.toSorted((a, b) => b.Created - a.Created)[0];
}

function nameOf(one: ContainerSummary): string {
  return one.Labels[LABEL.name] ?? (one.Names[0] ?? "").replace(/^\//, "");
}

async function nextStart(
  events: AsyncIterator<{ readonly Action: string }>,
): Promise<void> {
  for (;;) {
    const { done, value } = await events.next();
    if (done || value.Action === "start") return;
  }
}
