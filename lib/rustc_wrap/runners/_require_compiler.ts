import { InfrastructureError } from "../errors.ts";
import type { Base, Plan, RunnerResult } from "../model.ts";
import { makePlan } from "../plan.ts";
import { remember, type Toolchain } from "../toolchain.ts";

/**
 * Compares the compiler of an image with the one that cargo uses, once for each image.
 *
 * @param base The image.
 * @param toolchain That of cargo.
 * @param cacheDir Where what is known is kept.
 * @param run Carries out a plan.
 * @throws {InfrastructureError} when they are not the same.
 */
export async function requireCompiler(
  base: Base,
  toolchain: Toolchain,
  cacheDir: string | undefined,
  run: (plan: Plan) => Promise<RunnerResult>,
): Promise<void> {
  const memory = cacheDir && `${cacheDir}/images/${base.identity}.compiler`;
  if (memory && exists(memory)) return;
  const directory = "/superorch-check";
  const { stdout } = await run(
    await makePlan({
      id: "compiler",
      kind: "compile",
      base,
      argv: [base.rustc, "-vV"],
      env: {},
      cwd: directory,
      outDir: directory,
      roots: [directory],
      entries: [],
      network: "none",
    }),
  );
  const version = new TextDecoder().decode(stdout);
  if (version !== toolchain.version) {
    const first = (text: string) => text.trim().split("\n")[0] ?? "";
    throw new InfrastructureError({
      action: `use the image ${base.image}`,
      reason: `cargo uses "${first(toolchain.version)}", and the image has "${first(version)}"`,
      lasting: true,
    });
  }
  if (memory) remember(memory, true);
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
