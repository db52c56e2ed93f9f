// Catches signals, says so, and goes on until it is ended; "dispose" gives them back first.
import { CtrlC, type EndSignal } from "../../../lib/retry/mod.ts";

const [mode, ...signals] = Deno.args;
const ctrlC = CtrlC.listen({
  signals: signals.length === 0 ? undefined : signals as EndSignal[],
  secondKills: mode !== "patient",
});
if (mode === "dispose") ctrlC[Symbol.dispose]();
ctrlC.signal.addEventListener("abort", () => {
  const { message, exitCode } = ctrlC.interruption!;
  console.log(`issued=${ctrlC.isIssued} ${message} ${exitCode}`);
  if (mode === "leave") clearInterval(alive); // nothing else may keep the program running
});
const alive = setInterval(() => {}, 60_000);
console.log(`ready issued=${ctrlC.isIssued}`);
