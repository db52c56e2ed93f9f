import { type BuildTarget, qualifiedName } from "../lib/orchestra/model.ts";
import { OrchestraError } from "../lib/orchestra/errors.ts";
import { type OrcContext, OrcFailure } from "./_orc_context.ts";

/**
 * What `orc install` and `orc plan` do, in this order: what is named, and then what its tests
 * trigger. A build that is there twice is meant once.
 *
 * @param context Finds the builds.
 * @param specs Words of the command line.
 * @param test Whether tests are run.
 * @throws {OrcFailure} when a component is unknown, or triggers something that is.
 */
export async function installTargets(
  context: OrcContext,
  specs: readonly string[],
  test: boolean,
): Promise<readonly BuildTarget[]> {
  const named = [];
  for (const spec of specs) named.push(await context.build(spec));
  const all = named.map(({ target }) => target);
  for (const { component } of test ? named : []) {
    for (const spec of component.testTriggers) {
      try {
        all.push((await context.build(spec)).target);
      } catch (error) {
        if (!(error instanceof OrchestraError || error instanceof OrcFailure)) throw error;
        throw new OrcFailure(`test_triggers of ${component.name}: ${error.message}`);
      }
    }
  }
  return [...new Map(all.map((target) => [qualifiedName(target), target])).values()];
}
