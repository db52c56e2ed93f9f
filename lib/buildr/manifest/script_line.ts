import type { ShellRule } from "./model.ts";
import { shlex } from "./_shlex.ts";

/** How a line of a script is run. */
export interface ScriptLine {
  /** Program and arguments. */
  readonly argv: readonly string[];
  /** Whether a shell of ours runs the line, which is the last of `argv` then. */
  readonly shell: boolean;
}

/** Why a line cannot be run. */
export interface ScriptLineProblem {
  /** What is wrong. */
  readonly problem: string;
  /** Offset in the line. */
  readonly offset: number;
}

/** The shell of lines that need one under the rule `auto`. */
export const AUTO_SHELL: readonly string[] = ["sh", "-ec"];

const SHELL = /^(?:.*\/)?(?:sh|bash|ash|dash|zsh)$/;
const FIRST_WORDS = new Set(
  ("cd export set unset source . eval exec exit command trap umask ulimit read wait " +
    "if for while until case ! {").split(" "),
);
/** A word that is an operator: between commands, or a redirection with or without its file. */
const OPERATOR = /^(?:&&|\|\||\||\|&|&|;|;;|\d*(?:>|>>|<|<<|<<<|<>|>\||>&|<&).*|&>.*)$/s;

/**
 * Turns a line of a script into a program and its arguments.
 *
 * The first version started no shell: words were split as Python's `shlex` does, so `echo $FOO`
 * printed `$FOO` and `cd x && make` failed. The rule `auto` keeps the exact words where that is
 * what was meant, and gives a line to `sh -ec` when, outside single quotes,
 * - an operator stands as a word of its own (`&&`, `||`, `|`, `;`, `&`, a redirection), or a word
 *   ends with `;` (a lone `;` at the end does not count, as for `find -exec`);
 * - there is `$NAME`, `${`, `$(` or a backtick, also within double quotes;
 * - the first word is an assignment, a keyword or a built-in that only works in a shell (`cd`,
 *   `export`, `if`, …), or begins with `(`;
 * - there is a line break.
 *
 * A line that starts `sh`, `bash`, `ash`, `dash` or `zsh` with `-c` keeps its exact words always:
 * `sh -c "x=1; echo $x"` must reach that shell unread. Globs, `~`, `#`, braces, and operators
 * within a word (`?a=1&b=2`, `a|b`) never ask for a shell.
 *
 * @param line The line.
 * @param rule The rule. Default `auto`.
 * @returns What is run, or why it cannot be.
 * @example
 * ```ts
 * import { scriptLine } from "@superorch/superorch/buildr";
 *
 * console.log(scriptLine("echo 'a   b'")); // { argv: [ "echo", "a   b" ], shell: false }
 * console.log(scriptLine("cd x && make")); // { argv: [ "sh", "-ec", "cd x && make" ], shell: true }
 * ```
 */
export function scriptLine(line: string, rule: ShellRule = "auto"): ScriptLine | ScriptLineProblem {
  if (typeof rule === "object") return { argv: [...rule, line], shell: true };
  if (rule === "auto" && needsShell(line)) return { argv: [...AUTO_SHELL, line], shell: true };
  const split = shlex(line);
  if ("problem" in split) return split;
  if (split.words.length === 0) return { problem: "there is no program in it", offset: 0 };
  return { argv: split.words, shell: false };
}

/** Tells whether the rule `auto` gives a line to a shell. */
export function needsShell(line: string): boolean {
  const { words, expands } = scan(line);
  if (isShellCommand(line)) return false;
  if (/\S\s*\n\s*\S/.test(line) || expands) return true;
  const first = words[0];
  if (first !== undefined && !first.quoted) {
    if (FIRST_WORDS.has(first.text) || first.text.startsWith("(")) return true;
  }
  if (first !== undefined && /^[A-Za-z_]\w*\+?=/.test(first.text)) return true;
  return words.some((word, index) => {
    if (index === words.length - 1 && word.text === ";" && !word.quoted) return false;
    return isOperator(word);
  });
}

/** Finds `|` and `;` within words, which are easily meant for operators but are none. */
export function suspiciousOperators(line: string): readonly number[] {
  if (isShellCommand(line)) return [];
  return scan(line).words.flatMap((word) => isOperator(word) ? [] : word.operators);
}

/** Finds the first operator behind a `sh -c "…"`, which gets it as an argument. */
export function operatorAfterShell(line: string): number | undefined {
  if (!isShellCommand(line)) return undefined;
  return scan(line).words.find((word) => isOperator(word))?.start;
}

interface RawWord {
  /** As written, without what quotes and backslashes protect at its start and end. */
  readonly text: string;
  /** Whether any part of it was quoted or escaped. */
  readonly quoted: boolean;
  /** Whether it ends with a `;` that is neither quoted nor escaped. */
  readonly endsStatement: boolean;
  /** Whether its first unit is quoted or escaped. */
  readonly protectedStart: boolean;
  /** Offsets of `|` and `;` within it, neither quoted nor escaped, not at its ends. */
  readonly operators: readonly number[];
  /** Offset in the line. */
  readonly start: number;
}

function isOperator(word: RawWord): boolean {
  if (word.endsStatement) return true;
  return !word.protectedStart && OPERATOR.test(word.text);
}

function isShellCommand(line: string): boolean {
  const words = scan(line).words;
  if (words[0] === undefined || !SHELL.test(words[0].text)) return false;
  for (let at = 1; at < words.length; at++) {
    const { text } = words[at]!;
    if (!/^[-+]/.test(text) || text === "-" || text === "--") return false;
    if (/^-[A-Za-z]*c[A-Za-z]*$/.test(text)) return true;
    // "-o pipefail" and "-O extglob" take the next word.
    if (/^[-+][A-Za-z]*[oO]$/.test(text)) at++;
  }
  return false;
}

function scan(line: string): { readonly words: readonly RawWord[]; readonly expands: boolean } {
  const words: RawWord[] = [];
  let expands = false;
  let at = 0;
  const expandsAt = (offset: number) =>
    line[offset] === "`" || (line[offset] === "$" && /[A-Za-z_{(]/.test(line[offset + 1] ?? ""));
  while (at < line.length) {
    if (/\s/.test(line[at]!)) {
      at++;
      continue;
    }
    const start = at;
    let text = "";
    let quoted = false;
    const protectedStart = /['"\\]/.test(line[at]!);
    const bare: number[] = [];
    while (at < line.length && !/\s/.test(line[at]!)) {
      const character = line[at]!;
      if (character === "\\") {
        quoted = true;
        text += line[at + 1] ?? "";
        at += 2;
      } else if (character === "'") {
        quoted = true;
        const end = line.indexOf("'", at + 1);
        text += line.slice(at + 1, end === -1 ? line.length : end);
        at = end === -1 ? line.length : end + 1;
      } else if (character === '"') {
        quoted = true;
        for (at++; at < line.length && line[at] !== '"'; at++) {
          if (line[at] === "\\") at++;
          else if (expandsAt(at)) expands = true;
          text += line[at] ?? "";
        }
        at++;
      } else {
        if (expandsAt(at)) expands = true;
        if (character === "|" || character === ";") bare.push(at);
        text += character;
        at++;
      }
    }
    const last = Math.min(at, line.length) - 1;
    words.push({
      text,
      quoted,
      protectedStart,
      endsStatement: bare.includes(last) && line[last] === ";",
      operators: bare.filter((offset) => offset > start && offset < last),
      start,
    });
  }
  return { words, expands };
}
