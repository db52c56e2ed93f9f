import type { NodeResult, RunResult } from "../run/result.ts";

/**
 * Writes the failures of a run as annotations of GitHub Actions: they appear at the line of the
 * manifest.
 *
 * @param result The result.
 * @returns Workflow commands, one a line
 * (https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions).
 */
export function githubAnnotations(result: RunResult): string {
  return result.nodes.flatMap((node) => {
    const line = annotation(node);
    return line === undefined ? [] : [`${line}\n`];
  }).join("");
}

function annotation(node: NodeResult): string | undefined {
  const { id, status, failure } = node;
  if (failure === undefined) return undefined;
  const level = status === "allowed" ? "warning" : "error";
  const place = /^(.*):(\d+):(\d+)$/s.exec(failure.where ?? "");
  const properties = [
    ...(place === null ? [] : [
      `file=${property(place[1] ?? "")}`,
      `line=${place[2]}`,
      `col=${place[3]}`,
    ]),
    `title=${property(`${id}: ${failure.message.split("\n")[0]}`)}`,
  ];
  const text = [
    failure.command === undefined ? failure.message : `${failure.command}: ${failure.message}`,
    ...failure.lastLines,
  ].join("\n");
  return `::${level} ${properties.join(",")}::${data(text)}`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
