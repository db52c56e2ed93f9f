import type { Kwargs, ThreadContext, Value } from "./values.ts";
import { checkPositional, expect } from "./args.ts";
import { List } from "./list.ts";
import type { Method } from "./_method.ts";
import { typeOf } from "./_repr.ts";
import { isSpace } from "./_string_case.ts";
import { occurrences } from "./_occurrences.ts";

/** `strip`, `lstrip`, `rstrip`: white space, or any of the given characters. */
export function strip(name: "strip" | "lstrip" | "rstrip"): Method<string> {
  return (self, args, kwargs) => {
    checkPositional(name, args, kwargs, 0, 1);
    const chars = args[0] === undefined ? "" : expect(name, 1, "string", args[0]);
    const set = new Set(chars);
    const drop = chars === "" ? isSpace : (char: string) => set.has(char);
    let start = 0;
    let end = self.length;
    if (name !== "rstrip") {
      while (start < end) {
        const char = String.fromCodePoint(self.codePointAt(start)!);
        if (!drop(char)) break;
        start += char.length;
      }
    }
    if (name !== "lstrip") {
      while (end > start) {
        const size = isPair(self, end) ? 2 : 1;
        if (!drop(self.slice(end - size, end))) break;
        end -= size;
      }
    }
    return self.slice(start, end);
  };
}

/** Whether a surrogate pair ends at `end`. */
function isPair(text: string, end: number): boolean {
  return end > 1 && text.codePointAt(end - 2)! > 0xffff;
}

/** `split` and `rsplit`. */
export function splitMethod(name: "split" | "rsplit"): Method<string> {
  return (self, args, kwargs, thread) => {
    checkPositional(name, args, kwargs, 0, 2);
    const separator = args[0] ?? null;
    const max = args[1] === undefined ? -1 : expect(name, 2, "int", args[1]);
    if (separator === null) {
      // No more than one word for every two characters.
      if (self.length > 4096) thread.allocate(self.length * 16);
      return stringList(splitSpace(self, max, name === "rsplit"), thread);
    }
    if (typeof separator !== "string") {
      throw new Error(`split: got ${typeOf(separator)} for separator, want string`);
    }
    if (separator === "") throw new Error("split: empty separator");
    if (self.length > 4096) thread.allocate(occurrences(self, separator) * 32);
    const parts = self.split(separator);
    if (max >= 0 && parts.length > max + 1) {
      if (name === "split") parts.splice(max, parts.length, parts.slice(max).join(separator));
      else {
        const excess = parts.length - max;
        parts.splice(0, excess, parts.slice(0, excess).join(separator));
      }
    }
    return stringList(parts, thread);
  };
}

/** Fields between white space; at most `max` splits are made, from the left or the right. */
function splitSpace(text: string, max: number, fromRight: boolean): string[] {
  const fields: [start: number, end: number][] = [];
  let start = -1;
  for (let i = 0; i <= text.length; i++) {
    if (i === text.length || isSpace(text[i]!)) {
      if (start >= 0) fields.push([start, i]);
      start = -1;
    } else if (start < 0) start = i;
  }
  const words = fields.map(([from, to]) => text.slice(from, to));
  if (max < 0 || words.length <= max) return words;
  if (fromRight) {
    const last = fields[words.length - max - 1]!;
    return [text.slice(0, last[1]), ...words.slice(words.length - max)];
  }
  const first = fields[max]!;
  return [...words.slice(0, max), text.slice(first[0])];
}

/** `splitlines`: only "\n" ends a line. */
export function splitLines(
  self: string,
  args: readonly Value[],
  kwargs: Kwargs,
  thread: ThreadContext,
): Value {
  checkPositional("splitlines", args, kwargs, 0, 1);
  const keepEnds = args[0] === undefined ? false : expect("splitlines", 1, "bool", args[0]);
  if (self === "") return stringList([], thread);
  if (self.length > 4096) thread.allocate(occurrences(self, "\n") * 32);
  const lines = self.split("\n");
  const ended = lines[lines.length - 1] === "";
  if (ended) lines.pop();
  if (keepEnds) {
    return stringList(
      lines.map((line, i) => i < lines.length - 1 || ended ? `${line}\n` : line),
      thread,
    );
  }
  return stringList(lines, thread);
}

/** A list of strings. */
function stringList(items: readonly string[], thread: ThreadContext): List {
  thread.allocate(items.length * 32);
  return new List([...items]);
}
