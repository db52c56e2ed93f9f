import type { NodeResult } from "./network_spec.ts";
import type { GraphNode } from "./node.ts";

/**
 * Puts together how a node ended.
 *
 * @param node A node that is over.
 */
export function resultOf(node: GraphNode): NodeResult {
  const { spec, status, output } = node;
  const stdout = output.stdout.tail.bytes();
  const stderr = output.stderr.tail.bytes();
  const exitCode = status.exit?.exitCode;
  const decoder = new TextDecoder();
  return {
    name: spec.name,
    kind: spec.kind,
    exitCode,
    oomKilled: status.exit?.oomKilled ?? false,
    terminated: status.exit?.terminated ?? false,
    successful: exitCode === 0,
    stdout,
    stderr,
    stdoutText: () => decoder.decode(stdout),
    stderrText: () => decoder.decode(stderr),
  };
}
