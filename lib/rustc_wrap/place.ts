import { chooseBase } from "./base/choose_base.ts";
import type { Base, PlanLinker, Runner } from "./model.ts";
import { sha256 } from "./sha256.ts";
import { crossTools } from "./target/cross_tools.ts";
import { findProgram } from "./target/find_program.ts";
import { namedLinker, namedPrograms } from "./target/named_programs.ts";
import { foreignTarget, type Toolchain } from "./toolchain.ts";
import type { WrapContext } from "./wrap_context.ts";

/** Where units are compiled. */
export interface Place {
  /** Part of every key. */
  readonly identity: string;
  /** What links for another target there, where cargo has not said. */
  readonly linker: PlanLinker | undefined;
  /** The image and who runs it; not asked for when the result is in the store. */
  readonly open: () => Promise<{ readonly base: Base; readonly runner: Runner }>;
}

/** What is compiled. */
export interface PlaceNeed {
  /** `--target`, or what a build script is told to be for. */
  readonly target: string | undefined;
  /** The words for rustc, which may name a linker. */
  readonly words: readonly string[];
}

/**
 * Finds out where units are compiled, without connecting to anything if that can be helped.
 *
 * @param need What is compiled.
 * @param toolchain The compiler that cargo uses.
 * @param context Settings and environment.
 * @returns The place.
 * @throws {InfrastructureError} when there is no image to be had.
 */
export async function placeOf(
  need: PlaceNeed,
  toolchain: Toolchain,
  context: WrapContext,
): Promise<Place> {
  const target = foreignTarget(need.target, toolchain);
  const programs = namedPrograms(need.words);
  if (context.settings.runner === "local") {
    const own = target === undefined ? undefined : crossTools(target, toolchain).linker;
    const links = [...new Set(["cc", "ld", ...own === undefined ? [] : [own], ...programs])];
    const stamps = links.map((name) => programStamp(name, context));
    const identity = await sha256(JSON.stringify(["here", toolchain.hash, stamps]));
    return {
      identity,
      linker: undefined,
      open: () => Promise.reject(new Error("A local compiler is not opened")),
    };
  }
  const { settings, scope, signal, env } = context;
  const { base, options, derived, linker } = await chooseBase({ target, programs }, {
    toolchain,
    settings,
    env,
    build: scope.id,
    onNote: (text) => {
      context.note(text);
      scope.tellOnce(target === undefined ? "image" : `image-${target}`, `rustcbuildx: ${text}`);
    },
    signal,
  });
  return {
    // What a step may see of the network can be part of what it makes.
    identity: settings.network === "none"
      ? base.identity
      : await sha256(`${base.identity} ${settings.network}`),
    // Cargo's own choice counts.
    linker: namedLinker(need.words) === undefined ? linker : undefined,
    open: async () => {
      const { openRunner } = await import("./runners/open_runner.ts");
      const { lastingConnection } = await import("./lasting_ssh.ts");
      const around = { ...context, env: await lastingConnection(context) };
      return { base, runner: openRunner(options, around, derived) };
    },
  };
}

/** What links here is not part of the toolchain. */
function programStamp(name: string, { env }: WrapContext): string {
  const found = findProgram(name, env["PATH"] ?? "");
  if (found === undefined) return "";
  const path = Deno.realPathSync(found);
  const { size, mtime } = Deno.statSync(path);
  return `${path} ${size} ${mtime?.getTime()}`;
}
