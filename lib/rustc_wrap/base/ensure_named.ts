import type { EngineClient } from "../../engine/client.ts";
import { connectEngine } from "../../engine/discovery.ts";
import { buildFiles } from "../../engine/build/build_files.ts";
import { ImageNotFoundError } from "../../engine/errors.ts";
import { InfrastructureError } from "../errors.ts";
import type { Base } from "../model.ts";
import { engineFailure } from "../runners/_engine_failure.ts";
import { remember } from "../toolchain.ts";
import type { NamedBaseOptions } from "./named_identity.ts";

/**
 * Asks the engine what a name stands for; pulls it when it is missing.
 *
 * @param image The name.
 * @param options Where the engine is.
 * @returns The id of the image.
 * @throws {InfrastructureError} when nobody can tell.
 */
export async function askId(image: string, options: NamedBaseOptions): Promise<string> {
  const { env, signal } = options;
  try {
    await using engine = await connectEngine({ env: (name) => env[name], signal });
    return await pulledId(engine, image, options);
  } catch (error) {
    signal?.throwIfAborted();
    throw engineFailure(error);
  }
}

/**
 * Makes sure that an engine has an image that the user named, with the compiler that cargo uses.
 *
 * @param engine Where.
 * @param base The image.
 * @param options Toolchain.
 * @param signal Ends the work.
 * @throws {InfrastructureError} when it cannot be pulled, or has another compiler.
 */
export async function ensureNamedImage(
  engine: EngineClient,
  { image, identity }: Base,
  options: NamedBaseOptions,
  signal?: AbortSignal,
): Promise<void> {
  const memory = `${options.cacheDir}/images/${identity}.checked`;
  if (options.cacheDir !== undefined && exists(memory)) return;
  await pulledId(engine, image, { ...options, signal });
  if (options.ownToolchain) return;
  await requireSameCompiler(engine, image, options, signal);
  if (options.cacheDir !== undefined) remember(memory, true);
}

/** Compares the compilers. */
async function requireSameCompiler(
  engine: EngineClient,
  image: string,
  { toolchain }: NamedBaseOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using build = await buildFiles(engine, {
    context: {
      dockerfileText: `FROM ${image} AS a\nRUN mkdir /superorch-out && ` +
        `{ rustc -vV; :; } >/superorch-out/version 2>&1\nFROM scratch\nCOPY --from=a /superorch-out /\n`,
    },
    networkMode: "none",
    signal,
  });
  let version = "";
  for await (const entry of build.entries()) {
    if (entry.kind === "file") version = await new Response(entry.content).text();
  }
  if (version !== toolchain.version) {
    const first = (text: string) => text.trim().split("\n")[0] ?? "";
    throw new InfrastructureError({
      action: `use the image ${image}`,
      reason: `cargo uses "${first(toolchain.version)}", and the image has "${first(version)}"`,
      lasting: true,
    });
  }
}

async function pulledId(
  engine: EngineClient,
  image: string,
  { onNote, signal }: Pick<NamedBaseOptions, "onNote" | "signal">,
): Promise<string> {
  try {
    return (await engine.images.inspect(image, { signal })).Id;
  } catch (error) {
    if (!(error instanceof ImageNotFoundError)) throw error;
  }
  onNote?.(`pulling the image ${image}`);
  try {
    await engine.images.pull(image, { signal });
    return (await engine.images.inspect(image, { signal })).Id;
  } catch (cause) {
    signal?.throwIfAborted();
    const reason = cause instanceof Error ? cause.message.split("\n")[0]! : String(cause);
    throw new InfrastructureError({ action: `pull ${image}`, reason, lasting: true }, { cause });
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
