import { nameOf, parentOf } from "./_paths.ts";
import { stampOf } from "./records.ts";
import { sha256 } from "./sha256.ts";
import { findProgram } from "./target/find_program.ts";

/** A compiler of this machine, as far as it matters to results. */
export interface Toolchain {
  /** The program: an absolute path, and never that of rustup's, which chooses anew each time. */
  readonly rustc: string;
  /** What `rustc -vV` prints. */
  readonly version: string;
  /** What its own programs are built for: `x86_64-unknown-linux-gnu`. */
  readonly host: string;
  /** Its directory. */
  readonly sysroot: string;
  /** Changes with version, place and installed components. */
  readonly hash: string;
}

/** How a toolchain is looked at. */
export interface ToolchainOptions {
  /** Where what is known is kept between calls; `undefined`: nowhere. */
  readonly cacheDir: string | undefined;
  /** Current directory: rustup chooses by it. */
  readonly cwd: string;
  /** Value of `PATH`: a cargo that is not rustup's calls the compiler by its name. */
  readonly searchPath: string;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/**
 * Finds out what a compiler is. Asking it takes 10 ms and more, so the answer is kept as long as the
 * program is the same file.
 *
 * @param name The program: an absolute path, or a name that is looked for in `PATH`.
 * @param options Where answers are kept.
 * @returns The toolchain.
 * @throws {Deno.errors.NotFound} when there is no such program.
 */
export async function readToolchain(name: string, options: ToolchainOptions): Promise<Toolchain> {
  const program = name.includes("/") ? name : findProgram(name, options.searchPath) ?? name;
  const memory = memoryOf(program, options.cacheDir);
  if (memory !== undefined) {
    try {
      const known: Toolchain & { stamp: string } = JSON.parse(Deno.readTextFileSync(memory));
      if (known.rustc === program && known.stamp === stampOfToolchain(known)) return known;
    } catch {
      // never seen, or exchanged meanwhile
    }
  }
  const version = await ask(program, ["-vV"], options);
  const sysroot = (await ask(program, ["--print", "sysroot"], options)).trim();
  const components = readOptional(componentsOf(sysroot));
  const toolchain: Toolchain = {
    rustc: isRustup(program) ? `${sysroot}/bin/rustc` : program,
    version,
    host: /^host: (.*)$/m.exec(version)?.[1] ?? "",
    sysroot,
    hash: await sha256(JSON.stringify([version, sysroot, components])),
  };
  if (memory !== undefined) remember(memory, { ...toolchain, stamp: stampOfToolchain(toolchain) });
  return toolchain;
}

function componentsOf(sysroot: string): string {
  return `${sysroot}/lib/rustlib/components`;
}

/** `rustup target add` changes the list of components, and not the compiler. */
function stampOfToolchain({ rustc, sysroot }: Toolchain): string {
  let components = "";
  try {
    components = stampOf(componentsOf(sysroot));
  } catch {
    // Debian's toolchain has no such list
  }
  return `${stampOf(rustc)} ${components}`;
}

/**
 * A target, where that is not what the toolchain compiles for by itself.
 *
 * @param target `--target`; `undefined` where there is none.
 * @param toolchain The toolchain.
 * @returns The target, or `undefined`.
 */
export function foreignTarget(
  target: string | undefined,
  { host }: Pick<Toolchain, "host">,
): string | undefined {
  return target === host || target === "" ? undefined : target;
}

/** No file for what is not found, nor for rustup, which chooses anew each time. */
function memoryOf(program: string, cacheDir: string | undefined): string | undefined {
  if (cacheDir === undefined || !program.startsWith("/") || isRustup(program)) return undefined;
  return `${cacheDir}/toolchains/${encodeURIComponent(program).slice(-200)}.json`;
}

function isRustup(program: string): boolean {
  try {
    return nameOf(Deno.realPathSync(program)).startsWith("rustup");
  } catch {
    return false; // who asks it will be told
  }
}

async function ask(
  rustc: string,
  args: readonly string[],
  { cwd, signal }: ToolchainOptions,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(rustc, {
    args: [...args],
    cwd,
    stdin: "null",
    signal,
  }).output();
  if (!success) {
    const reason = new TextDecoder().decode(stderr).trim().split("\n")[0];
    throw new Error(`Cannot ask "${rustc}" for its version: ${reason}`);
  }
  return new TextDecoder().decode(stdout);
}

/** Writes what can be found out again; a disk that is full costs time, and nothing else. */
export function remember(path: string, value: unknown): void {
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    Deno.mkdirSync(parentOf(path), { recursive: true });
    Deno.writeTextFileSync(temporary, JSON.stringify(value));
    Deno.renameSync(temporary, path);
  } catch {
    try {
      Deno.removeSync(temporary);
    } catch {
      // it was never made
    }
  }
}

function readOptional(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
