import { readMounts } from "./_machine.ts";
import type { EnginePaths } from "./_paths.ts";
import type { Privilege } from "./_privilege.ts";
import { isAlive, listProcesses, type ProcessIdentity, readProcess } from "./_processes.ts";
import { until } from "./_until.ts";

/**
 * Clears away what a dockerd that was killed leaves: its containers with their supervisors, and
 * mounts below its directory. A clean stop can leave a mount too.
 */
export async function removeLeftovers(paths: EnginePaths, privilege: Privilege): Promise<void> {
  await killSupervised(paths, privilege);
  const mounts = (await readMounts()).map((mount) => mount.path);
  for (const path of mounts.toReversed()) {
    if (!path.startsWith(`${paths.directory}/`)) continue;
    // Lazily where something still uses it: it goes with the last user.
    const { code } = await privilege.run(["umount", "--", path]);
    if (code !== 0) await privilege.run(["umount", "--lazy", "--", path]);
  }
}

/** A killed process is gone within milliseconds, unless it waits for a disk that does not answer. */
const GONE_MS = 5_000;

async function killSupervised(paths: EnginePaths, privilege: Privilege): Promise<void> {
  const killed: ProcessIdentity[] = [];
  const processes = await listProcesses();
  const ours = processes.filter(({ argv }) =>
    argv.some((word) => word.startsWith(`${paths.exec}/containerd/`))
  );
  for (const supervisor of ours) {
    // The same words may stand on the command line of an engine in another file system.
    if (!await privilege.sameFile(paths.exec, `/proc/${supervisor.pid}/root${paths.exec}`)) {
      continue;
    }
    // The first process of a container takes all others of it along.
    for (const child of processes.filter(({ parent }) => parent === supervisor.pid)) {
      await privilege.kill(child, "KILL");
      killed.push(child);
    }
    await privilege.kill(supervisor, "KILL");
    killed.push(supervisor);
  }
  // What they use can be unmounted only then.
  await until(async () => {
    const alive = await Promise.all(killed.map(isAlive));
    return alive.includes(true) ? undefined : true;
  }, { intervalMs: 10, timeoutMs: GONE_MS });
}

/**
 * Removes what a killed dockerd's containerd has noted of itself, unless that still runs: the next
 * dockerd would wait for it, also when its number belongs to a process of another kind by now, or
 * to a zombie.
 */
export async function forgetContainerd(paths: EnginePaths, privilege: Privilege): Promise<void> {
  const pidfile = `${paths.exec}/containerd/containerd.pid`;
  const { code, stdout } = await privilege.run(["cat", "--", pidfile]);
  if (code !== 0) return;
  const info = await readProcess(Number(stdout));
  const runs = info?.argv.some((word) => word.startsWith(`${paths.exec}/containerd/`)) === true;
  if (!runs) await privilege.run(["rm", "-f", "--", pidfile]);
}
