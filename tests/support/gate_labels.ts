/** On whatever a test makes on an engine with its own hands; the gate fails if it is still there. */
export const TEST_LABEL = "org.superorch.test";

/**
 * Labels for what a test makes on an engine without `containers`.
 *
 * @returns The id of the gate's run, or `by-hand` outside of the gate.
 */
export function testLabels(): Readonly<Record<string, string>> {
  return { [TEST_LABEL]: Deno.env.get("SUPERORCH_GATE") ?? "by-hand" };
}
