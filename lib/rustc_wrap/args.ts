import type { Call, Extern, LibPath, Unit } from "./model.ts";
import { joinPath } from "./_paths.ts";

/** One option of rustc as it was written. */
export interface RustcOption {
  /** `--crate-name`, `-C`, …; empty for the input and for words that are not known. */
  readonly name: string;
  /** What follows it, in whatever way it was written. */
  readonly value: string | undefined;
  /** The words as they were. */
  readonly words: readonly string[];
}

/** Long options that have a value, joined by `=` or in a word of its own. */
const LONG = new Set([
  "--cfg",
  "--check-cfg",
  "--crate-name",
  "--crate-type",
  "--edition",
  "--emit",
  "--print",
  "--out-dir",
  "--explain",
  "--target",
  "--allow",
  "--warn",
  "--force-warn",
  "--deny",
  "--forbid",
  "--cap-lints",
  "--codegen",
  "--error-format",
  "--json",
  "--color",
  "--diagnostic-width",
  "--remap-path-prefix",
  "--remap-path-scope",
  "--extern",
  "--sysroot",
  "--env-set",
  "--expect",
]);

/** Short options that have a value, joined or in a word of its own. */
const SHORT = "LloAWDFCZ";
/** Short options without a value; several can share a dash. */
const FLAGS = "gOvVh";

/**
 * Tells what a call is, by its first words: cargo starts a wrapper as `rustc WORDS…`, and as
 * `clippy-driver rustc WORDS…` where there is a wrapper for the workspace too.
 *
 * @param argv The words after the wrapper's own name.
 * @returns The compiler and its words.
 */
export function classify(argv: readonly string[]): Call {
  const [tool = "", first = ""] = argv;
  const rest = argv.slice(1);
  if (!isCompiler(tool) && !tool.includes("/")) return { kind: "other", tool, rest: [...rest] };
  // Before everything else: the second word of a driver is a compiler, and no input.
  if (isCompiler(first)) return { kind: "driver", tool, rest };
  if (first === "" || first === "-" || !isCompiler(tool)) return { kind: "probe", tool, rest };
  const compiles = rest.some((word) => word === "--crate-name" || word.startsWith("--crate-name="));
  return { kind: compiles || first.startsWith("@") ? "compile" : "probe", tool, rest };
}

function isCompiler(word: string): boolean {
  return /^(?:.*[\\/])?(?:rustc|rustc-[\w.+-]+|clippy-driver)(?:\.exe)?$/.test(word);
}

/**
 * Tells the options of rustc apart, as its own parser does: values may be joined or not, and what is
 * not known is kept as it is.
 *
 * @param words The words after the compiler's name.
 * @returns One record for each option, in order.
 */
export function rustcOptions(words: readonly string[]): RustcOption[] {
  const options: RustcOption[] = [];
  let onlyInput = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (onlyInput || word === "-" || !word.startsWith("-")) {
      options.push({ name: "", value: word, words: [word] });
    } else if (word === "--") {
      onlyInput = true;
      options.push({ name: "--", value: undefined, words: [word] });
    } else if (word.startsWith("--")) {
      const equals = word.indexOf("=");
      const name = equals === -1 ? word : word.slice(0, equals);
      if (equals !== -1) options.push({ name, value: word.slice(equals + 1), words: [word] });
      else if (LONG.has(name) && at + 1 < words.length) {
        options.push({ name, value: words[++at], words: [word, words[at]!] });
      } else options.push({ name, value: undefined, words: [word] });
    } else at = shortOptions(words, at, options);
  }
  return options;
}

/** Reads one word of short options; returns the place of the last word that belongs to it. */
function shortOptions(words: readonly string[], at: number, options: RustcOption[]): number {
  const word = words[at]!;
  for (let letter = 1; letter < word.length; letter++) {
    const name = `-${word[letter]}`;
    if (!SHORT.includes(word[letter]!)) {
      const last = letter === word.length - 1;
      if (last || !FLAGS.includes(word[letter]!)) {
        options.push({ name, value: undefined, words: [word] });
        return at;
      }
      options.push({ name, value: undefined, words: [] });
      continue;
    }
    const joined = word.slice(letter + 1);
    if (joined !== "") options.push({ name, value: joined, words: [word] });
    else if (at + 1 < words.length) {
      options.push({ name, value: words[at + 1], words: [word, words[at + 1]!] });
      return at + 1;
    } else options.push({ name, value: undefined, words: [word] });
    return at;
  }
  return at;
}

/** Crate types that end in a call of the linker. */
const LINKED = ["bin", "dylib", "cdylib", "proc-macro", "sdylib"];

/**
 * Reads a call of rustc that compiles a crate.
 *
 * @param words The words after the compiler's name.
 * @param cwd The current directory.
 * @returns The unit, or `undefined` where rustc is to be left alone with it: it prints something,
 * reads its input from a pipe, or does not say where its results go.
 */
export function parseRustc(words: readonly string[], cwd: string): Unit | undefined {
  const types: string[] = [];
  const emit: string[] = [];
  const externs: Extern[] = [];
  const libPaths: LibPath[] = [];
  const argv: string[] = [];
  const inputs: string[] = [];
  let crate: string | undefined;
  let extra = "";
  let outDir: string | undefined;
  let targetTriple: string | undefined;
  let test = false;
  let incremental: string | undefined;
  for (const { name, value, words: written } of rustcOptions(expandFiles(words, cwd))) {
    if (name === "--diagnostic-width") continue;
    if (name === "-C" || name === "--codegen") {
      const [option = "", text = ""] = splitOnce(value ?? "", "=");
      if (option === "incremental") {
        incremental = joinPath(cwd, text);
        continue;
      }
      if (option === "extra-filename") extra = text;
    } else if (name === "") inputs.push(value!);
    else if (name === "--crate-name") crate = value;
    else if (name === "--crate-type") types.push(...(value ?? "").split(","));
    else if (name === "--emit") emit.push(...(value ?? "").split(","));
    else if (name === "--out-dir") outDir = joinPath(cwd, value ?? "");
    else if (name === "--target") targetTriple = value;
    else if (name === "--test") test = true;
    else if (name === "--extern") externs.push(readExtern(value ?? "", cwd));
    else if (name === "-L") libPaths.push(readLibPath(value ?? "", cwd));
    else if (ALONE.has(name)) return undefined;
    argv.push(...written);
  }
  const [input] = inputs;
  if (crate === undefined || outDir === undefined || inputs.length !== 1) return undefined;
  // `--emit=KIND=FILE` writes where nobody would look for it.
  if (input === "-" || emit.some((kind) => kind.includes("="))) return undefined;
  const links = test || types.length === 0 || types.some((type) => LINKED.includes(type));
  return {
    id: `${crate}${extra}`,
    crate,
    types,
    emit,
    externs,
    libPaths,
    input: joinPath(cwd, input!),
    outDir,
    profileDir: profileDirOf(outDir),
    test,
    links: links && (emit.length === 0 || emit.includes("link")),
    buildScript: /(?:^|\/)build\/[^/]+$/.test(outDir) && !test && types.join() === "bin",
    targetTriple,
    incremental,
    cwd,
    argv,
  };
}

/** With these, rustc has nothing to do with crates, or writes to a place of its own. */
const ALONE = new Set(["--print", "--explain", "-o", "-V", "--version", "-h", "--help"]);

/** `@FILE` stands for the lines of a file: cargo does that when the words are too many. */
function expandFiles(words: readonly string[], cwd: string): string[] {
  return words.flatMap((word) => {
    if (!word.startsWith("@")) return [word];
    const lines = Deno.readTextFileSync(joinPath(cwd, word.slice(1))).split("\n");
    if (lines.at(-1) === "") lines.pop();
    return lines;
  });
}

function readExtern(value: string, cwd: string): Extern {
  const [left = "", path] = splitOnce(value, "=");
  const name = left.slice(left.indexOf(":") + 1);
  return { name, path: path === undefined ? undefined : joinPath(cwd, path) };
}

function readLibPath(value: string, cwd: string): LibPath {
  const match = /^(dependency|crate|native|framework|all)=(.*)$/s.exec(value);
  if (match === null) return { kind: "all", path: joinPath(cwd, value) };
  return { kind: match[1]!, path: joinPath(cwd, match[2]!) };
}

/** The directory that has `deps` and `build`; another layout than cargo's is its own. */
function profileDirOf(outDir: string): string {
  const match = /^(.*)\/(?:deps|examples|build\/[^/]+(?:\/out)?)$/.exec(outDir);
  return match?.[1] || outDir;
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
