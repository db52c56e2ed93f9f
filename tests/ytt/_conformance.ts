/** The reference's own file tests: one file is input, `+++`, expected output or `ERR:`. */
import { formatYaml, render } from "../../lib/ytt/mod.ts";
import { validateValues } from "../../lib/ytt/schema/validate.ts";
import { Thread } from "../../lib/ytt/starlark/thread.ts";
import type { Value } from "../../lib/ytt/starlark/values.ts";
import { Execution } from "../../lib/ytt/workspace/execution.ts";
import { WorkFile } from "../../lib/ytt/workspace/file.ts";
import { Library } from "../../lib/ytt/workspace/library.ts";
import { Session } from "../../lib/ytt/workspace/session.ts";
import { printDocuments } from "../../lib/ytt/yaml/emit.ts";

/** A case, and what came out. */
export interface Outcome {
  readonly name: string;
  readonly directory: string;
  readonly passed: boolean;
  /** For errors: the first line of the message is right. */
  readonly firstLine: boolean;
  readonly expected: string;
  readonly actual: string;
}

/** Values that the reference's harness gives to the cases that use `@ytt:data`. */
const dataValues = `#@data/values
---
int: 123
intNeg: -49
float: 123.123
t: true
f: false
nullz: null
string: string
map:
  a: 123
list:
- a
- 123
- a: 123
`;

/** All case files below `root`, sorted; `undefined` when there is no such directory. */
export function caseFiles(root: string): string[] | undefined {
  const found: string[] = [];
  const visit = (path: string) => {
    for (const entry of Deno.readDirSync(`${root}/${path}`)) {
      const inner = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory) visit(inner);
      else if (/\.(tpltest|yml|txt)$/.test(entry.name)) found.push(inner);
    }
  };
  try {
    visit("");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return found.sort();
}

/** Runs one case. */
export async function runCase(root: string, name: string): Promise<Outcome> {
  const text = Deno.readTextFileSync(`${root}/${name}`);
  const directory = name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : ".";
  const isText = name.startsWith("texttemplate/") || directory.includes("text");
  const separator = isText ? "\n+++\n" : "\n+++\n\n";
  const at = text.indexOf(separator);
  if (at < 0) throw new Error(`Case "${name}" has no line "+++"`);
  const input = text.slice(0, at);
  const expected = text.slice(at + separator.length).replace(/^\n(?=ERR:)/, "");
  const actual = await evaluate(input, expected, isText, name.startsWith("yamlfmt/"), directory);
  // Outputs are compared byte for byte, the rest as the reference's harness compares it.
  const isOutput = !/^(ERR:|OUTPUT POSITION:)/.test(expected) && !actual.startsWith("ERR: ");
  const wanted = isOutput ? expected : normalize(expected);
  const got = isOutput ? actual : normalize(actual);
  const first = (value: string) => value.replace(/^ERR:\s*/, "").split("\n")[0];
  return {
    name,
    directory,
    passed: wanted === got,
    firstLine: wanted.startsWith("ERR:") && got.startsWith("ERR:") && first(wanted) === first(got),
    expected: wanted,
    actual: got,
  };
}

async function evaluate(
  input: string,
  expected: string,
  isText: boolean,
  isFormat: boolean,
  directory: string,
): Promise<string> {
  try {
    if (isFormat) return await formatYaml(input);
    // Without an extension, because that is the name in the expected messages.
    const path = "stdin";
    const fileMarks = [`stdin:type=${isText ? "text" : "yaml"}-template`];
    const files = [{ path, data: input }];
    if (input.includes("@ytt:data")) files.push({ path: "values.yml", data: dataValues });
    if (directory.startsWith("validations")) return validated(input);
    const rendered = await render({ files, fileMarks });
    if (isText) return rendered.files.find((file) => file.path === path)!.text();
    if (expected.startsWith("OUTPUT POSITION:")) {
      return `OUTPUT POSITION:\n${rendered.output("pos")}`;
    }
    return rendered.output();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `ERR: ${error.message}`;
  }
}

/** The reference runs the validations of these cases on the template's own result. */
function validated(input: string): string {
  const session = new Session({});
  const file = new WorkFile({ path: "stdin", data: input });
  file.mark("yaml", true);
  const execution = new Execution(session, new Library("", [file]));
  const documents = execution.evaluate().flatMap((result) => result.documents?.items ?? []);
  const thread = new Thread();
  const call = (fn: unknown, args: readonly unknown[]) => thread.call(fn as Value, args as Value[]);
  for (const document of documents) validateValues(document, undefined, call);
  return printDocuments(documents);
}

/** What the reference's harness does before it compares. */
function normalize(text: string): string {
  return text.replace(/__ytt_tpl\d+_/g, "__ytt_tplXXX_")
    .replace(/__YTT_VERSION__/g, "0.49.0")
    .split("\n").map((line) => line.trimEnd()).join("\n").replace(/^ERR:\s*/, "ERR: ").trim();
}
