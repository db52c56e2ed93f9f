import { InfrastructureError } from "../errors.ts";
import type { Env, Settings } from "../model.ts";
import type { FoundClient } from "../runners/docker_client.ts";
import { sha256 } from "../sha256.ts";
import { remember } from "../toolchain.ts";
import { builderSpec } from "./builder_spec.ts";
import { ensureBuilder, findBuilder, type FoundBuilder } from "./managed_builder.ts";

/** How a builder is chosen. */
export interface ChooseBuilderOptions {
  /** Settings. */
  readonly settings: Settings;
  /** Variables of docker. */
  readonly env: Env;
  /** Whether what is known is not believed. */
  readonly again: boolean;
  /** Takes a line when something takes long. */
  readonly onNote?: (text: string) => void;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** Somebody may remove or exchange it meanwhile; a build that misses it asks again. */
const KNOWN_MS = 600_000;

/**
 * Finds the builder of the settings: one that is named must be there, our own is made where it is
 * missing or another one than it should be. Answers are kept for ten minutes.
 *
 * @param client A `docker`.
 * @param options Settings and variables.
 * @returns The builder; `undefined` where the client has none to choose from.
 * @throws {InfrastructureError} when it is not there and cannot be made.
 */
export async function chooseBuilder(
  { path, capabilities }: FoundClient,
  options: ChooseBuilderOptions,
): Promise<FoundBuilder | undefined> {
  const { settings, env, again, onNote, signal } = options;
  const { builder, cacheDir } = settings;
  // `docker build` is the engine's own builder as long as nobody says otherwise.
  if (settings.runner === "docker" && !builder) return undefined;
  if (!capabilities.versions.includes("buildx")) {
    throw new InfrastructureError({
      action: `use the builder ${JSON.stringify(builder)}`,
      reason: `${path} has no buildx`,
      lasting: true,
    });
  }
  const client = { path, env, cacheDir, onNote, signal };
  if (builder === undefined) {
    return await ensureBuilder(client, builderSpec(settings), { knownMs: again ? 0 : KNOWN_MS });
  }
  const question = await sha256(JSON.stringify([
    ...[path, builder],
    ...["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "BUILDX_CONFIG", "HOME"].map((key) =>
      env[key] ?? null
    ),
  ]));
  const memory = cacheDir === undefined ? undefined : `${cacheDir}/builders/known-${question}.json`;
  const known = again || memory === undefined ? undefined : readKnown(memory);
  if (known !== undefined) return known;
  const found = await findBuilder(client, builder);
  if (found === undefined) {
    throw new InfrastructureError({
      action: builder === "" ? "build with buildx" : `use the builder ${JSON.stringify(builder)}`,
      reason: builder === "" ? "docker has no builder" : "there is none of that name",
      lasting: true,
    });
  }
  if (memory !== undefined) remember(memory, found);
  return found;
}

function readKnown(path: string): FoundBuilder | undefined {
  try {
    const age = Date.now() - (Deno.statSync(path).mtime?.getTime() ?? 0);
    return age < KNOWN_MS ? JSON.parse(Deno.readTextFileSync(path)) : undefined;
  } catch {
    return undefined; // asked for the first time
  }
}
