import type { PlanNode } from "./model.ts";

/**
 * What a program may know of a node: no values of variables, and nothing that only ours can use.
 *
 * @param node The node.
 */
export function nodeData(node: PlanNode): Readonly<Record<string, unknown>> {
  return {
    needs: node.needs,
    placement: node.placement,
    environment: Object.keys(node.env),
    secrets: node.secrets.map(({ name }) => name),
    commands: node.commands.map(({ text, argv, shell, where }) => ({ text, argv, shell, where })),
    services: node.services.map(({ name, image, ready }) => ({ name, image, ready })),
    caches: node.caches,
    artifacts: node.artifacts,
    ...(node.skip === undefined ? {} : { skip: node.skip }),
  };
}
