import { ContainerNotFoundError, type EngineClient } from "../engine/mod.ts";

/**
 * Asks a container to end, where asking makes sense: the kernel drops a signal to process 1 of a
 * container that has no handler for it, and waiting for such a program is lost time. So `sleep` or a
 * shell without a trap is not waited for, a database is.
 *
 * @param engine The engine.
 * @param id The container.
 * @param options How long it may take; default: what the container says, else 10 s.
 */
export async function stopPolitely(
  engine: EngineClient,
  id: string,
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<void> {
  try {
    if (options.timeoutMs === 0 || !await hearsStopSignal(engine, id, options.signal)) return;
    await engine.containers.stop(id, options);
  } catch (error) {
    if (!(error instanceof ContainerNotFoundError)) throw error; // gone meanwhile: it has ended
  }
}

/** Asking takes 30 ms; an engine that does not answer is not to be waited for at the end. */
const ANSWER_MS = 3_000;

/** Numbers of the signals that images stop with, on Linux. */
const SIGNALS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  USR1: 10,
  USR2: 12,
  TERM: 15,
  WINCH: 28,
};

// The engine runs `ps` on its own machine, so this holds for an engine elsewhere too. Where it
// cannot tell, the answer is yes: then the grace is given.
async function hearsStopSignal(
  engine: EngineClient,
  id: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { State, Config } = await engine.containers.inspect(id, { signal: bounded(signal) });
  if (!State.Running) return false;
  const name = (Config as { readonly StopSignal?: string }).StopSignal ?? "SIGTERM";
  const number = /^\d+$/.test(name) ? Number(name) : SIGNALS[name.replace(/^SIG/, "")];
  if (number === undefined) return true;
  const processes = await engine.containers.top(id, {
    psArgs: "-o pid,caught",
    signal: bounded(signal),
  })
    .catch(() => undefined);
  const first = processes?.Processes?.find(([pid]) => Number(pid) === State.Pid);
  const mask = first?.[1];
  if (mask === undefined || !/^[0-9a-f]+$/i.test(mask)) return true;
  return (BigInt(`0x${mask}`) >> BigInt(number - 1) & 1n) === 1n;
}

function bounded(signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(ANSWER_MS);
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
}
