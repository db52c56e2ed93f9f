/** `--file-mark path:key=value`. */
import type { FileType, WorkFile } from "./file.ts";

const types: Readonly<Record<string, [FileType, boolean]>> = {
  "yaml-template": ["yaml", true],
  "yaml-plain": ["yaml", false],
  "text-template": ["text", true],
  "text-plain": ["text", false],
  "starlark": ["starlark", false],
  "data": ["data", false],
};

/** Applies marks in order; returns the files that are left. */
export function applyMarks(files: readonly WorkFile[], marks: readonly string[]): WorkFile[] {
  let exclusive: Set<WorkFile> | undefined;
  let left = [...files];
  for (const mark of marks) {
    const match = /^(.*?):([^:=]+)=(.*)$/.exec(mark);
    if (match === null) {
      throw new Error(
        mark.includes(":")
          ? `Expected file mark '${mark}' key-value portion to be in format key=value`
          : `Expected file mark '${mark}' to be in format path:key=value`,
      );
    }
    const [, pattern, key, value] = match as unknown as [string, string, string, string];
    const regexp = globPattern(pattern);
    const matched = left.filter((file) => regexp.test(file.path));
    if (matched.length === 0) {
      throw new Error(
        `Expected file mark '${mark}' path '${pattern}' to match at least one file by path, but did not`,
      );
    }
    for (const file of matched) {
      switch (key) {
        case "path":
          file.path = value;
          break;
        case "exclude":
          expectTrue(mark, value);
          left = left.filter((other) => other !== file);
          break;
        case "type": {
          const type = types[value];
          if (type === undefined) {
            throw new Error(`Unknown value in file mark '${mark}'`);
          }
          file.mark(...type);
          break;
        }
        case "for-output":
          file.forOutput = value === "true";
          break;
        case "exclusive-for-output":
          expectTrue(mark, value);
          (exclusive ??= new Set()).add(file);
          break;
        default:
          throw new Error(`Unknown key in file mark '${mark}'`);
      }
    }
  }
  if (exclusive !== undefined) {
    for (const file of left) file.forOutput = exclusive.has(file);
  }
  return left;
}

function expectTrue(mark: string, value: string): void {
  if (value !== "true") throw new Error(`Unknown value in file mark '${mark}'`);
}

/** A double star stands for any directories, `*` for part of a name. */
function globPattern(pattern: string): RegExp {
  let out = "^";
  for (let i = 0; i < pattern.length; i++) {
    if (pattern.startsWith("**/", i)) {
      out += "(?:.*/)?";
      i += 2;
    } else if (pattern.startsWith("**", i)) {
      out += ".*";
      i++;
    } else if (pattern[i] === "*") out += "[^/]*";
    else if (pattern[i] === "?") out += "[^/]";
    else out += pattern[i]!.replace(/[.+^${}()|[\]\\]/, "\\$&");
  }
  return new RegExp(`${out}$`);
}
