import type { Base, Env, PlanLinker, Settings } from "../model.ts";
import { crossTools } from "../target/cross_tools.ts";
import { targetKey } from "../target/target_key.ts";
import type { Toolchain } from "../toolchain.ts";
import { type DerivedBase, derivedBase } from "./derived_identity.ts";
import { hostBase, type HostBaseOptions, isPackaged } from "./host_identity.ts";
import { namedBase, type NamedBaseOptions } from "./named_identity.ts";

/** What a unit needs of an image beside the compiler. */
export interface BaseNeed {
  /** The target where that is not this machine's own. */
  readonly target: string | undefined;
  /** Programs that the compiler is told to use: names and absolute paths. */
  readonly programs: readonly string[];
}

/** Where an image is chosen. */
export interface BaseSurroundings {
  /** The compiler that cargo uses. */
  readonly toolchain: Toolchain;
  /** What the user wants. */
  readonly settings: Settings;
  /** Variables: where the engine is, and where programs are looked for. */
  readonly env: Env;
  /** Names the build that is going on. */
  readonly build: string;
  /** Takes a line when something takes long. */
  readonly onNote?: (text: string) => void;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** An image to compile in, and all that it takes to make it. */
export interface ChosenBase {
  /** The image. */
  readonly base: Base;
  /** How the image is had that it is, or is made of. */
  readonly options: HostBaseOptions | NamedBaseOptions;
  /** That image. */
  readonly from: Base;
  /** What is made of it; `undefined`: it is taken as it is. */
  readonly derived: DerivedBase | undefined;
  /** What links for the target there; `undefined` for this machine's own. */
  readonly linker: PlanLinker | undefined;
}

/**
 * Chooses the image that a unit is compiled in: one of this machine's own files, or the one that the
 * settings name for its target, or for all. No engine is asked, unless a name has no digest.
 *
 * @param need Target and tools of the unit.
 * @param around Toolchain, settings and variables.
 * @returns The image.
 * @throws {InfrastructureError} when there is none to be had.
 */
export async function chooseBase(need: BaseNeed, around: BaseSurroundings): Promise<ChosenBase> {
  const { toolchain, settings, env, build, onNote, signal } = around;
  const { cacheDir, packages, components } = settings;
  const { target, programs } = need;
  const ofTarget = target === undefined ? undefined : settings.targetImages[targetKey(target)];
  const image = ofTarget ?? settings.baseImage;
  const common = { toolchain, cacheDir, onNote };
  const linker = target === undefined ? undefined : {
    variable: `CARGO_TARGET_${targetKey(target)}_LINKER`,
    ...linkerOf(target, toolchain),
  };
  if (image === undefined) {
    const searchPath = env["PATH"] ?? "";
    const options = { ...common, packages, components, target, programs, searchPath };
    const from = await hostBase(options);
    const derived = await derivedBase(from, { settings });
    return { base: derived?.base ?? from, options, from, derived, linker };
  }
  // Images as those of `cross` have no Rust; one that has the target when this machine has not is
  // to compile with its own.
  const ownToolchain = ofTarget !== undefined && !isPackaged(toolchain) &&
    hasLibrary(toolchain, target!);
  const { runner } = settings;
  const client = (["podman", "buildah"] as const).find((name) => name === runner);
  const options = { ...common, image, ownToolchain, client, build, env, signal };
  const from = await namedBase(options);
  const derived = await derivedBase(from, {
    settings: { ...settings, baseImage: image },
    toolchain: ownToolchain ? toolchain : undefined,
    // What is named for a target has what that needs.
    target: ofTarget === undefined && target !== undefined
      ? { triple: target, tools: crossTools(target, toolchain) }
      : undefined,
  });
  return { base: derived?.base ?? from, options, from, derived, linker };
}

function linkerOf(target: string, toolchain: Toolchain): { readonly program?: string } {
  const { linker } = crossTools(target, toolchain);
  return linker === undefined ? {} : { program: linker };
}

function hasLibrary({ sysroot }: Toolchain, target: string): boolean {
  try {
    return Deno.statSync(`${sysroot}/lib/rustlib/${target}/lib`).isDirectory;
  } catch {
    return false;
  }
}
