import { identifyProcess, LABEL, listOwned, ownerState, parseOwner } from "../containers/mod.ts";
import type { EngineClient } from "../engine/mod.ts";
import { type Finding, ok, warning } from "./check.ts";

/** What dead runs left on the engine. */
export async function checkLeftovers(engine: EngineClient, signal: AbortSignal): Promise<Finding> {
  const self = await identifyProcess();
  const objects = await listOwned(engine, {}, { signal });
  const kept = objects.filter(({ labels }) => labels[LABEL.lifetime] === "kept");
  const owned = objects.filter((object) => !kept.includes(object));
  const states = await Promise.all(
    owned.map(({ labels }) => ownerState(parseOwner(labels[LABEL.owner] ?? ""), self)),
  );
  const dead = owned.filter((_, index) => states[index] === "dead");
  const unknown = states.filter((state) => state === "unknown").length;
  const notes = [
    ...(unknown === 0 ? [] : [`${unknown} of other machines or of unknown owners`]),
    ...(kept.length === 0 ? [] : [`${kept.length} kept on purpose`]),
  ];
  const note = notes.length === 0 ? "" : `; beside them ${notes.join(", ")}`;
  if (dead.length === 0) return ok(`dead runs left nothing${note}`);
  const counts = [...Map.groupBy(dead, ({ kind }) => kind)].map(([kind, { length }]) =>
    `${length} ${kind}${length === 1 ? "" : "s"}`
  );
  return warning(`dead runs left ${counts.join(", ")}${note}`, "superorch clean");
}
