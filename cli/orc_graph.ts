import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { printDot } from "../lib/orchestra/graph/mod.ts";
import {
  type Action,
  type ActionGraph,
  collect,
  isAction,
  nodeId,
  nodeName,
  type PlanTarget,
  solveGraph,
} from "../lib/orchestra/mod.ts";
import { satisfaction } from "../lib/orchestra/solver/collect.ts";
import { addSourceOptions, type SourceFlags } from "./_orc_build_options.ts";
import type { OrcContext } from "./_orc_context.ts";

interface GraphFlags extends SourceFlags {
  readonly allBuilds?: boolean;
  readonly solved?: boolean;
  readonly removeUnreachable: boolean;
  readonly simplifyAnyof: boolean;
  readonly removeSatisfiedLeaves: boolean;
  readonly transitiveReduction: boolean;
  readonly force: boolean;
  readonly color: boolean;
  readonly json?: boolean;
}

/** Makes `orc graph`. */
export function graphCommand(context: OrcContext): CommandUnknownOpts {
  return addSourceOptions(
    new Command("graph")
      .description("Print the graph of dependencies, for graphviz. Default: of all components.")
      .argument("[components...]", "components, or component@build")
      .option("--all-builds", "all builds of the components, not only the default ones")
      .option("-s, --solved", "with all choices made, and without what is done already")
      .option("--no-remove-unreachable", "keep what the choices have made unreachable")
      .option("--no-simplify-anyof", "keep the choices")
      .option("--no-remove-satisfied-leaves", "keep what is done already")
      .option("--no-transitive-reduction", "keep edges that follow from others")
      .option("--no-force", "leave out what was asked for if it is done already")
      .option("--no-color", "no attributes for colours")
      .option("--discard-build-directories", "has no effect here")
      .option("--test", "has no effect here")
      .option("--json", "as JSON: nodes and edges"),
  ).action(async (...words: unknown[]) => {
    const [specs, flags] = words as [readonly string[], GraphFlags];
    const { graph, isSatisfied } = await buildGraph(context, specs, flags);
    if (flags.json) context.printJson(asJson(graph, isSatisfied));
    else context.print(printDot(graph, { colour: flags.color, isSatisfied }));
  });
}

async function buildGraph(
  context: OrcContext,
  specs: readonly string[],
  flags: GraphFlags,
): Promise<{ graph: ActionGraph; isSatisfied: (action: Action) => boolean }> {
  const configuration = await context.configuration();
  const targets: PlanTarget[] = [];
  for (const spec of specs.length === 0 ? configuration.components.keys() : specs) {
    const { component, target } = await context.build(spec);
    const builds = flags.allBuilds && !spec.includes("@")
      ? [...component.builds.keys()]
      : [target.build];
    for (const build of builds) targets.push({ kind: "install", component: component.name, build });
  }
  const request = {
    targets,
    fromSource: flags.fromSource === true,
    fallbackBuild: flags.fallbackBuild === true,
    noForce: !flags.force,
  };
  const [world, hashes] = [await context.world(), await context.hashes()];
  const input = { configuration, world, hashes, request };
  if (!flags.solved) return { graph: collect(input).graph, isSatisfied: satisfaction(input) };
  return solveGraph(input, {
    removeUnreachable: flags.removeUnreachable,
    simplifyChoices: flags.simplifyAnyof,
    removeSatisfied: flags.removeSatisfiedLeaves,
    reduceTransitively: flags.transitiveReduction,
  });
}

function asJson(graph: ActionGraph, isSatisfied: (action: Action) => boolean) {
  const indices = [...graph.indices()];
  return {
    nodes: indices.map((index) => {
      const node = graph.nodes[index]!;
      const satisfied = isAction(node) ? isSatisfied(node) : null;
      return { id: nodeId(node), kind: node.kind, name: nodeName(node), satisfied };
    }),
    edges: indices.flatMap((from) =>
      [...graph.out(from)].map((to) => ({
        from: nodeId(graph.nodes[from]!),
        to: nodeId(graph.nodes[to]!),
        ordering: graph.isOrdering(from, to),
      }))
    ),
  };
}
