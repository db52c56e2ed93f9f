import type { ProcessScope } from "./_scope.ts";
import { signalsAreHeld } from "./signal_hold.ts";

/** A command that runs, as far as signals are concerned. */
export interface LiveCommand {
  readonly scope: ProcessScope;
  /** How the terminal's Ctrl-C reaches it: not at all, like us, or as the only one. */
  readonly terminal: "none" | "shared" | "own";
  readonly graceMs: number;
  /** Whether the program itself has ended; something that it has started may be left. */
  hasExited(): boolean;
  /** Settles when it has ended and its output is where it belongs. */
  readonly settled: Promise<unknown>;
  /** Says that its end will have been our doing. */
  onForward(): void;
}

type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** How long a command that shares our terminal has to react to a Ctrl-C that it saw there too. */
const SHARED_TERMINAL_MS = 500;

/** Nothing tells when an orphan ends, so it is asked for; 10 ms is below what anybody notices. */
const POLL_MS = 10;

/** A signal to ourselves arrives within a millisecond or two; more only on a stalled machine. */
const DEATH_MS = 200;

const live = new Set<LiveCommand>();
let expected = 0;
let removeHandlers: (() => void) | undefined;
let ending: { readonly signal: EndSignal; readonly over: Promise<void> } | undefined;

/**
 * Adds a running command to those that get this program's signals and end with it.
 *
 * The handlers are there only while a command runs: before and after, signals do to this program
 * what they do to any other.
 *
 * @returns A function that takes it out again.
 */
export function enlist(command: LiveCommand): () => void {
  live.add(command);
  removeHandlers ??= addHandlers();
  return () => {
    if (live.delete(command)) stopHandling();
  };
}

/**
 * Puts the handlers in place ahead of the first command: a signal that comes while it is started
 * would end this program and leave the command behind.
 *
 * @returns A function to call when the command is enlisted.
 */
export function expectCommand(): () => void {
  expected++;
  removeHandlers ??= addHandlers();
  return () => {
    expected--;
    stopHandling();
  };
}

function stopHandling(): void {
  if (live.size > 0 || expected > 0 || ending !== undefined) return;
  removeHandlers?.();
  removeHandlers = undefined;
}

/** Settles at once, or, while this program is dying of a signal, never (if it does die). */
export function whileNotEnding(): Promise<void> | undefined {
  return ending?.over;
}

function addHandlers(): () => void {
  // Windows has Ctrl-C only, and nothing to pass it on with: children get it from the console.
  const names: readonly EndSignal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  const handlers = names.map((name) => [name, () => void onSignal(name)] as const);
  for (const [name, handler] of handlers) Deno.addSignalListener(name, handler);
  // `unload` comes with a normal end and with Deno.exit(), the other two with uncaught errors.
  const onFailure = (event: Event) => {
    if (!event.defaultPrevented) killAll();
  };
  globalThis.addEventListener("unload", killAll);
  globalThis.addEventListener("error", onFailure);
  globalThis.addEventListener("unhandledrejection", onFailure);
  return () => {
    for (const [name, handler] of handlers) Deno.removeSignalListener(name, handler);
    globalThis.removeEventListener("unload", killAll);
    globalThis.removeEventListener("error", onFailure);
    globalThis.removeEventListener("unhandledrejection", onFailure);
  };
}

function killAll(): void {
  for (const { scope } of live) scope.signal("SIGKILL");
}

async function onSignal(name: EndSignal): Promise<void> {
  if (ending !== undefined) {
    killAll(); // the second one: no patience left
    return die(ending.signal);
  }
  const commands = [...live];
  // A program that has the terminal to itself decides alone what Ctrl-C means.
  if (name === "SIGINT" && commands.some(({ terminal }) => terminal === "own")) return;
  for (const command of commands) {
    command.onForward();
    // The terminal sends Ctrl-C to everybody in our group: once is enough.
    if (command.terminal === "none" || name !== "SIGINT") command.scope.signal(name);
    else command.scope.look();
  }
  if (signalsAreHeld()) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  ending = { signal: name, over: promise };
  await waitForEnds(commands, name);
  killAll();
  die(name);
  // Still here: somebody else handles the signal after all, and this program goes on. The signal
  // takes a moment to arrive, in which nobody shall see how the commands ended.
  setTimeout(() => {
    ending = undefined;
    resolve();
    if (live.size > 0 || expected > 0) removeHandlers ??= addHandlers();
  }, DEATH_MS);
}

async function waitForEnds(commands: readonly LiveCommand[], name: EndSignal): Promise<void> {
  const start = performance.now();
  const graceMs = Math.max(...commands.map((command) => command.graceMs), 0);
  let isReminded = false;
  const orphaned = new Set<LiveCommand>();
  for (;;) {
    const left = commands.filter(({ scope }) => scope.isAlive());
    const elapsedMs = performance.now() - start;
    if (left.length === 0 || elapsedMs > graceMs) break;
    for (const command of left) {
      // Shells start background jobs deaf to Ctrl-C: once the program itself is gone nobody will
      // end what it has left behind.
      if (!command.hasExited() || orphaned.has(command)) continue;
      command.scope.signal("SIGTERM");
      orphaned.add(command);
    }
    if (!isReminded && elapsedMs > SHARED_TERMINAL_MS) {
      // The signal came from elsewhere (`kill -INT`), or it was not noticed.
      for (const { scope, terminal } of left) if (terminal === "shared") scope.signal(name);
      isReminded = true;
    }
    await pause(POLL_MS);
  }
  for (const { scope } of commands) scope.signal("SIGKILL");
  // Their last words are worth a moment, not more.
  await Promise.race([Promise.all(commands.map(({ settled }) => settled)), pause(1_000)]);
}

function die(name: EndSignal): void {
  removeHandlers?.();
  removeHandlers = undefined;
  // With no handler left the signal does what it always does: whoever waits for us sees that we
  // died of it, which no exit code can say.
  if (Deno.build.os === "windows") Deno.exit(130);
  Deno.kill(Deno.pid, name);
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
