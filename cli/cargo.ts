import type { CommandUnknownOpts } from "../lib/deps/commander.ts";
import { mount } from "./mount.ts";
import { writeLink } from "./install_links.ts";
import type { Output } from "./output.ts";
import { readOwnSettings } from "./rustc_wrap_settings.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes `superorch cargo`: cargo with the wrapper set. Under the name `cargo-green` it is
 * `cargo green …`.
 *
 * @param output Where failures of ours go; cargo has our streams.
 * @returns The command.
 */
export function cargoMount(output: Output): CommandUnknownOpts {
  return mount({
    name: "cargo",
    description: "Run cargo with the wrapper set: crates are compiled in containers, and kept.",
    words: "[+toolchain] and the words for cargo; supergreen: our own commands",
    run: (words) => runCargo(words, output),
  });
}

/**
 * Runs cargo, with the wrapper set for what compiles. `fetch` also gets the image to compile in.
 *
 * @param words `[+toolchain]`, then what cargo gets; after `supergreen`, a command of ours.
 * @param output Where our own commands print.
 * @returns Cargo's exit code.
 * @throws {UsageError} when settings are wrong, or another wrapper is set.
 */
export async function runCargo(words: readonly string[], output: Output): Promise<number> {
  const toolchain = words[0]?.startsWith("+") ? words[0] : undefined;
  const rest = toolchain === undefined ? words : words.slice(1);
  if (rest[0] === "supergreen") {
    const { runRustcWrap } = await import("./rustc_wrap_command.ts");
    if (toolchain !== undefined) Deno.env.set("RUSTUP_TOOLCHAIN", toolchain.slice(1));
    return await runRustcWrap(rest.slice(1), output, true);
  }
  const verb = verbOf(rest);
  if (verb === undefined || !WRAPPED.has(verb)) return await runPlain(rest, toolchain);
  const { settings } = await readOwnSettings(rest);
  const temporary = settings.cacheDir === undefined
    ? await Deno.makeTempDir({ prefix: "rustcbuildx-" })
    : undefined;
  try {
    const wrapper = await ownWrapper(settings.cacheDir ?? temporary!);
    const code = await runWrapped(rest, toolchain, wrapper);
    if (code === 0 && verb === "fetch" && !rest.some((word) => /^(?:-h|--help)$/.test(word))) {
      if (toolchain !== undefined) Deno.env.set("RUSTUP_TOOLCHAIN", toolchain.slice(1));
      const { fetchBase } = await import("./rustc_wrap_doc.ts");
      await fetchBase(rest, output);
    }
    return code;
  } finally {
    if (temporary !== undefined) await Deno.remove(temporary, { recursive: true });
  }
}

/** What compiles, by all its names; everything else is cargo's alone. */
const WRAPPED: ReadonlySet<string> = new Set([
  ...["b", "build", "bench", "c", "check", "clippy", "d", "doc", "fetch", "install", "package"],
  ...["publish", "r", "run", "rustc", "rustdoc", "t", "test"],
]);

/** Options of cargo itself that have their value in the next word. */
const WITH_VALUE: ReadonlySet<string> = new Set(["-C", "-Z", "--color", "--config", "--explain"]);

/** The word that says what cargo does. */
function verbOf(words: readonly string[]): string | undefined {
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (WITH_VALUE.has(word)) at++;
    else if (!word.startsWith("-")) return word;
  }
  return undefined;
}

function runPlain(rest: readonly string[], toolchain: string | undefined): Promise<number> {
  return runProgram(
    programOf(toolchain),
    toolchain === undefined ? rest : [toolchain, ...rest],
    {},
  );
}

/** Cargo, when it has called us, names itself; but only rustup's knows what +toolchain is. */
function programOf(toolchain: string | undefined): string {
  return toolchain === undefined ? Deno.env.get("CARGO") || "cargo" : "cargo";
}

async function runWrapped(
  rest: readonly string[],
  toolchain: string | undefined,
  wrapper: string,
): Promise<number> {
  const foreign = Deno.env.get("RUSTC_WRAPPER");
  if (foreign && foreign !== wrapper && !/(?:^|\/)(?:rustcbuildx|cargo-green)$/.test(foreign)) {
    throw new UsageError(
      `Cannot wrap cargo: RUSTC_WRAPPER=${JSON.stringify(foreign)} is set; unset it, or call cargo`,
    );
  }
  return await runProgram(programOf(toolchain), [
    ...(toolchain === undefined ? [] : [toolchain]),
    ...rest,
  ], {
    CARGOGREEN_PROJECT_DIR_: Deno.cwd(),
    RUSTC_WRAPPER: wrapper,
  });
}

/** Cargo wants one file that it can start. */
async function ownWrapper(directory: string): Promise<string> {
  const path = `${directory}/bin/rustcbuildx`;
  await Deno.mkdir(`${directory}/bin`, { recursive: true });
  await writeLink("rustcbuildx", path);
  return path;
}

async function runProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args: [...args],
      env: { ...env },
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new UsageError(`Cannot start ${JSON.stringify(program)}: there is no such program`);
  }
  const signals = Deno.build.os === "windows"
    ? ["SIGINT"] as const
    : ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const listeners = signals.map((signal) => {
    // A terminal sends SIGINT to cargo itself; we stay until it has ended.
    const listener = () => {
      if (signal === "SIGINT" && Deno.stdin.isTerminal()) return;
      try {
        child.kill(signal);
      } catch {
        // it has ended already
      }
    };
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  try {
    return (await child.status).code;
  } finally {
    for (const remove of listeners) remove();
  }
}
