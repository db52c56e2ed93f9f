import type { Env, Settings } from "../model.ts";
import { findClient } from "../runners/docker_client.ts";
import { builderSpec, MANAGED_BUILDER } from "./builder_spec.ts";
import { chooseBuilder } from "./choose_builder.ts";
import { type BuilderClient, findBuilder, recreate, removeBuilder } from "./managed_builder.ts";

/** What commands about our own builder need. */
export interface OwnBuilderOptions {
  /** Settings. */
  readonly settings: Settings;
  /** Variables of docker. */
  readonly env: Env;
  /** Takes a line when something takes long. */
  readonly onNote?: (text: string) => void;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/**
 * Removes the builder that we have made.
 *
 * @param options Settings and variables.
 * @returns Its name; `undefined` when there is none.
 * @throws {InfrastructureError} when there is no buildx, or it cannot be removed.
 */
export async function removeOwnBuilder(options: OwnBuilderOptions): Promise<string | undefined> {
  const client = await clientOf(options);
  if (await findBuilder(client, MANAGED_BUILDER) === undefined) return undefined;
  await removeBuilder(client, MANAGED_BUILDER, { keepState: false });
  return MANAGED_BUILDER;
}

/**
 * Makes our own builder anew.
 *
 * @param options Settings and variables; with `clean`, what it has cached goes too.
 * @returns Its name.
 * @throws {InfrastructureError} when there is no buildx, or it cannot be made.
 */
export async function recreateOwnBuilder(
  options: OwnBuilderOptions & { readonly clean: boolean },
): Promise<string> {
  const client = await clientOf(options);
  const spec = builderSpec(options.settings);
  if (await findBuilder(client, spec.name) !== undefined) {
    await recreate(client, spec, { keepState: !options.clean });
  }
  const found = await findClient("buildx", client);
  const settings: Settings = { ...options.settings, runner: "buildx", builder: undefined };
  await chooseBuilder(found, { ...options, settings, again: true });
  return spec.name;
}

async function clientOf(options: OwnBuilderOptions): Promise<BuilderClient> {
  const { settings: { cacheDir }, env, onNote, signal } = options;
  const { path } = await findClient("buildx", { env, cacheDir, signal });
  return { path, env, cacheDir, onNote, signal };
}
