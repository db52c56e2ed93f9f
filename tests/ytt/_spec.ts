/**
 * Spec files: `=== args`, any number of `=== file <name>`, then `=== stdout`, `=== stderr` and
 * `=== code` (absent: 0). `UPDATE=1` rewrites the results.
 */
import { run } from "../../cli/ytt.ts";

/** One spec file. */
export interface Spec {
  readonly args: readonly string[];
  readonly files: ReadonlyMap<string, string>;
  readonly stdin: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Splits a spec file; throws on a section that it does not know. */
export function parseSpec(text: string): Spec {
  const files = new Map<string, string>();
  const sections: Record<string, string> = {
    args: "",
    stdin: "",
    env: "",
    stdout: "",
    stderr: "",
    code: "0",
  };
  const parts = text.split(/^=== (.*)\n/m);
  for (let i = 1; i < parts.length; i += 2) {
    const name = parts[i]!.trim();
    if (name.startsWith("file ")) files.set(name.slice(5), parts[i + 1]!);
    else if (name in sections) sections[name] = parts[i + 1]!;
    else throw new Error(`Unknown section "${name}"`);
  }
  const env = Object.fromEntries(
    sections.env!.split("\n").filter((line) => line !== "").map((line) => {
      const index = line.indexOf("=");
      return [line.slice(0, index), line.slice(index + 1)];
    }),
  );
  return {
    args: sections.args!.split("\n").filter((line) => line !== ""),
    files,
    stdin: sections.stdin!,
    env,
    stdout: sections.stdout!,
    stderr: sections.stderr!,
    code: Number(sections.code),
  };
}

/** The text of a spec with other results. */
export function formatSpec(
  text: string,
  result: { stdout: string; stderr: string; code: number },
): string {
  const at = text.search(/^=== (stdout|stderr|code)$/m);
  let out = at < 0 ? text : text.slice(0, at);
  if (result.stdout !== "") out += `=== stdout\n${ended(result.stdout)}`;
  if (result.stderr !== "") out += `=== stderr\n${ended(result.stderr)}`;
  if (result.code !== 0) out += `=== code\n${result.code}\n`;
  return out;
}

function ended(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}

/** Runs the command line of a spec in a directory with its files. */
export async function runSpec(
  spec: Spec,
): Promise<{ stdout: string; stderr: string; code: number }> {
  const directory = Deno.makeTempDirSync();
  const before = Deno.cwd();
  let stdout = "";
  let stderr = "";
  try {
    for (const [path, text] of spec.files) {
      const target = `${directory}/${path}`;
      Deno.mkdirSync(target.slice(0, target.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(target, text);
    }
    Deno.chdir(directory);
    const code = await run(spec.args, {
      stdout: (text) => stdout += text,
      stderr: (text) => stderr += text,
      stdin: () => Promise.resolve(new TextEncoder().encode(spec.stdin)),
      env: spec.env,
    });
    return { stdout, stderr: stderr.replaceAll(directory, "<dir>"), code };
  } finally {
    Deno.chdir(before);
    Deno.removeSync(directory, { recursive: true });
  }
}
