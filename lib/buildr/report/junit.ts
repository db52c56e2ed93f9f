import type { NodeResult, RunResult } from "../run/result.ts";

/**
 * Writes the result of a run as a JUnit file, which most systems show: one test case a stage.
 *
 * The format is that of https://github.com/testmoapp/junitxml. A stage that failed where it may is
 * a passed case with a word of it in its output.
 *
 * @param result The result.
 * @param name Name of the suite, for example that of the project.
 * @returns XML text.
 */
export function junitXml(result: RunResult, name: string): string {
  const { nodes } = result;
  const count = (...statuses: readonly string[]) =>
    nodes.filter(({ status }) => statuses.includes(status)).length;
  const numbers = `tests="${nodes.length}" failures="${count("failed", "timeout")}" ` +
    `errors="${count("error", "canceled")}" skipped="${count("skipped")}" ` +
    `time="${seconds(result.wallMs)}"`;
  const suite = `name="${xml(name)}" timestamp="${result.startedAt.replace(/\.\d+Z$/, "Z")}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${numbers}>
  <testsuite ${suite} ${numbers}>
${nodes.map((node) => testCase(node, name)).join("")}  </testsuite>
</testsuites>
`;
}

function testCase(node: NodeResult, suite: string): string {
  const begin = `    <testcase name="${xml(node.id)}" classname="${xml(suite)}" time="${
    seconds(node.wallMs)
  }"`;
  const inner = outcome(node);
  return inner === "" ? `${begin}/>\n` : `${begin}>\n${inner}    </testcase>\n`;
}

function outcome(node: NodeResult): string {
  const { status, reason, failure } = node;
  if (status === "skipped") return `      <skipped message="${xml(reason ?? "")}"/>\n`;
  if (status === "canceled") return `      <error type="canceled" message="canceled"/>\n`;
  if (failure === undefined) return "";
  const { message, command, where, lastLines } = failure;
  const text = [
    ...(command === undefined ? [] : [`${where}: ${command}`]),
    ...lastLines,
  ].join("\n");
  if (status === "allowed") {
    return `      <system-out>${
      xml(`failed, which is allowed: ${message}\n${text}`)
    }</system-out>\n`;
  }
  const element = status === "error" ? "error" : "failure";
  const first = message.split("\n")[0] ?? "";
  return `      <${element} type="${failure.cause}" message="${xml(first)}">${
    xml(text)
  }</${element}>\n`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
};

// What XML 1.0 has no place for, not even escaped (https://www.w3.org/TR/xml/#charsets).
const FORBIDDEN =
  // deno-lint-ignore no-control-regex -- they are what is looked for
  /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function xml(text: string): string {
  return text.replace(FORBIDDEN, "\ufffd").replace(/[&<>"\n]/g, (one) => ENTITIES[one] ?? one);
}
