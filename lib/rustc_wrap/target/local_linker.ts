import type { Unit } from "../model.ts";
import type { Toolchain } from "../toolchain.ts";
import { foreignTarget } from "../toolchain.ts";
import { crossTools } from "./cross_tools.ts";
import { findProgram } from "./find_program.ts";
import { namedLinker } from "./named_programs.ts";

/** What links for another target where rustc itself runs here. */
export interface LocalLinker {
  /** Further words for rustc. */
  readonly words: readonly string[];
  /** What is not installed here, and would be needed. */
  readonly missing: string | undefined;
}

const RUSTCS_OWN: LocalLinker = { words: [], missing: undefined };

/**
 * Chooses what links a unit for another target on this machine, as an image has it chosen: where
 * cargo has not said, and rustc's own choice would be the linker of this machine's programs.
 *
 * @param unit The call.
 * @param toolchain The compiler.
 * @param searchPath Value of `PATH`.
 * @returns Words for rustc.
 */
export function localLinker(unit: Unit, toolchain: Toolchain, searchPath: string): LocalLinker {
  const target = foreignTarget(unit.targetTriple, toolchain);
  if (target === undefined || !unit.links || namedLinker(unit.argv) !== undefined) {
    return RUSTCS_OWN;
  }
  const { linker, packages } = crossTools(target, toolchain);
  if (linker === undefined) return RUSTCS_OWN;
  if (findProgram(linker, searchPath) !== undefined) {
    return { words: ["-C", `linker=${linker}`], missing: undefined };
  }
  const names = packages.map(([name]) => name).join(" and ");
  return { words: [], missing: `${linker} is not here, which links for ${target}: ${names}` };
}
