import type { RunPlan } from "../plan/model.ts";

/**
 * Tells whether two stages of a plan may run at the same time: then every line of output has the
 * name of its stage before it.
 *
 * @param plan The plan.
 * @param jobs How many stages may run at a time.
 */
export function mayRunTogether(plan: RunPlan, jobs: number): boolean {
  if (jobs < 2) return false;
  const active = plan.nodes.filter(({ skip }) => skip === undefined);
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const above = new Map<string, ReadonlySet<string>>();
  const ancestorsOf = (id: string): ReadonlySet<string> => {
    const known = above.get(id);
    if (known !== undefined) return known;
    const found = new Set<string>();
    above.set(id, found); // a plan has no circles; this ends one all the same
    for (const need of byId.get(id)?.needs ?? []) {
      found.add(need.id);
      for (const other of ancestorsOf(need.id)) found.add(other);
    }
    return found;
  };
  return active.some((one, index) =>
    active.slice(index + 1).some((other) =>
      !ancestorsOf(one.id).has(other.id) && !ancestorsOf(other.id).has(one.id)
    )
  );
}
