import { type EngineClient, NameInUseError } from "../engine/mod.ts";

/**
 * Checks that names of containers are free, before anything is made.
 *
 * @param engine The engine.
 * @param names Names on the engine.
 * @param ownIds Containers that may have them: our own of an earlier run.
 * @throws {NameInUseError} in the daemon's words.
 */
export async function requireFreeNames(
  engine: EngineClient,
  names: readonly string[],
  ownIds: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const holders = new Map<string, string>();
  for (const { Id, Names } of await engine.containers.list({ signal })) {
    for (const name of Names) holders.set(name.replace(/^\//, ""), Id);
  }
  for (const name of names) {
    const holder = holders.get(name);
    if (holder === undefined || ownIds.has(holder)) continue;
    throw new NameInUseError({
      method: "POST",
      path: "/containers/create",
      status: 409,
      reason: `Conflict. The container name "/${name}" is already in use by container "${holder}"` +
        `: remove that one, or let names carry the id of the run (without "unique: false" and ` +
        `"containerName")`,
    });
  }
}
