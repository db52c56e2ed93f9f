import { isCallable, type ThreadContext, type Value } from "../starlark/mod.ts";
import type { RE2JS } from "../../deps/re2js.ts";
import { asString, members } from "./_builtin.ts";
import type { LibraryHooks } from "./hooks.ts";
import { loadedRegexps } from "./preload.ts";

/** `@ytt:regexp`, with Go's syntax and linear time. */
export function regexpModule(hooks: LibraryHooks): ReadonlyMap<string, Value> {
  return members("regexp", {
    match: (thread, args) => {
      if (args.length !== 2) throw new Error("expected exactly two arguments");
      const pattern = asString(args[0]!, hooks);
      const text = asString(args[1]!, hooks);
      thread.step(text.length);
      return compile(pattern).matcher(text).find();
    },
    replace: (thread, args) => {
      if (args.length !== 3) throw new Error("expected exactly 3 arguments");
      const pattern = compile(asString(args[0]!, hooks));
      const text = asString(args[1]!, hooks);
      const by = args[2]!;
      if (isCallable(by)) {
        return replace(
          thread,
          pattern,
          text,
          ({ group }) => asString(thread.call(by, [group]), hooks),
        );
      }
      const template = asString(by, hooks);
      return replace(thread, pattern, text, ({ expand }) => expand(template));
    },
  });
}

const cache = new Map<string, RE2JS>();

function compile(pattern: string): RE2JS {
  let compiled = cache.get(pattern);
  if (compiled === undefined) {
    compiled = loadedRegexps().RE2JS.compile(pattern);
    if (cache.size >= 256) cache.clear();
    cache.set(pattern, compiled);
  }
  return compiled;
}

interface Match {
  readonly group: string;
  readonly expand: (template: string) => string;
}

/** Replaces as Go does: an empty match right after a match does not count. */
function replace(
  thread: ThreadContext,
  pattern: RE2JS,
  text: string,
  by: (match: Match) => string,
): string {
  const matcher = pattern.matcher(text);
  const names = pattern.namedGroups();
  const groupOf = (name: string): string => {
    const index = /^\d+$/.test(name) ? Number(name) : names[name];
    if (index === undefined || index > matcher.groupCount()) return "";
    return matcher.group(index) ?? "";
  };
  thread.step(text.length);
  let out = "";
  let last = 0;
  let end = -1;
  while (matcher.find()) {
    // A match takes about two microseconds.
    thread.step(40);
    const start = matcher.start();
    if (matcher.end() === start && start === end) continue;
    end = matcher.end();
    out += text.slice(last, start) +
      by({ group: matcher.group() ?? "", expand: (template) => expand(template, groupOf) });
    if (out.length > 256) thread.allocate(256);
    last = end;
  }
  return out + text.slice(last);
}

/** `$1`, `$name`, `${name}` and `$$`; the longest name counts, as in Go. */
function expand(template: string, groupOf: (name: string) => string): string {
  return template.replace(
    /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (_all, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare;
      return name === undefined ? "$" : groupOf(name);
    },
  );
}
