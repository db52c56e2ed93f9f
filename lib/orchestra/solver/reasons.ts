import type { Action, Hashes, World } from "../model.ts";
import { actionName } from "../model.ts";

/** What a reason is given for. */
export interface ReasonOptions {
  /** What is there. */
  readonly world: World;
  /** The hashes. */
  readonly hashes: Pick<Hashes, "recursiveHash">;
  /** Whether it was asked for by name. */
  readonly requested: boolean;
  /** Whether nothing would be to be done. */
  readonly satisfied: boolean;
  /** Actions that need it, the first one by name. */
  readonly neededBy: Action | undefined;
}

/**
 * Says why an action is in a plan.
 *
 * @returns One sentence without a final period.
 */
export function reasonOf(action: Action, options: ReasonOptions): string {
  const { requested, satisfied, neededBy } = options;
  const who = requested
    ? "it was asked for"
    : neededBy === undefined
    ? "it is part of what was asked for"
    : `the ${actionName(neededBy)} needs it`;
  if (satisfied && !requested) return `${who}, and something that it depends on is done again`;
  return satisfied
    ? `${who}, although nothing has changed`
    : `${who}, and ${stateOf(action, options)}`;
}

function stateOf(action: Action, { world, hashes }: ReasonOptions): string {
  if (action.kind === "clone") return "the repository is not cloned yet";
  if (action.kind === "configure") return "the build is not configured yet";
  const installed = world.installed.get(action.component);
  if (installed === undefined) return "it is not installed";
  if (installed.build !== action.build) return `build ${installed.build} is installed instead`;
  const now = hashes.recursiveHash(action.component);
  return `it has changed since it was installed: its hash was ${installed.recursiveHash} and is ${now}`;
}
