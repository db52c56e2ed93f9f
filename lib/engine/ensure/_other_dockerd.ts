import { delay } from "../../retry/mod.ts";
import type { EngineUnreachableError } from "../discovery.ts";
import { EngineVersionError } from "../errors.ts";
import { EngineSetupError } from "./engine_setup_error.ts";
import type { Privilege } from "./_privilege.ts";
import { listProcesses } from "./_processes.ts";
import { isDockerd } from "./_record.ts";

/** One that is just starting, as on a machine that was just booted, answers within this time. */
const STARTING_MS = 5_000;

/**
 * Requires that no dockerd of somebody else runs in this network namespace: a second one there
 * takes over its bridge and its firewall rules, and its containers lose their network.
 *
 * @param tried Where an engine was looked for and why each place failed.
 * @param options `look` tells whether an engine answers by now.
 * @throws {EngineSetupError} when there is one, and it does not answer where engines are looked for.
 */
export async function requireNoOtherDockerd(
  privilege: Privilege,
  tried: EngineUnreachableError,
  options: { readonly look: () => Promise<boolean>; readonly signal?: AbortSignal },
): Promise<void> {
  const other = await findOther(privilege);
  if (other === undefined) return;
  const denied = tried.candidates.find(({ reason }) => reason.includes("permission denied"));
  if (denied !== undefined) {
    throw new EngineSetupError({
      step: "start",
      problem: `Cannot start an engine beside dockerd (process ${other}), and this user may not ` +
        `use that one at ${denied.host}`,
      hint: "add the user to the group docker and log in again",
    });
  }
  const old = tried.candidates.find(({ cause }) => cause instanceof EngineVersionError);
  if (old !== undefined) {
    throw new EngineSetupError({ step: "start", problem: old.reason, hint: "install a newer one" });
  }
  const deadline = performance.now() + STARTING_MS;
  while (performance.now() < deadline) {
    await delay(250, { signal: options.signal });
    if (await options.look()) return;
  }
  if (await findOther(privilege) === undefined) return;
  throw new EngineSetupError({
    step: "start",
    problem: `Cannot start an engine beside dockerd (process ${other}), which does not answer at ` +
      `any usual place`,
    hint: "set DOCKER_HOST to where it listens, or stop it",
  });
}

async function findOther(privilege: Privilege): Promise<number | undefined> {
  const candidates = (await listProcesses()).filter(isDockerd);
  for (const { pid } of candidates) {
    if (await privilege.sameFile("/proc/self/ns/net", `/proc/${pid}/ns/net`)) return pid;
  }
  return undefined;
}
