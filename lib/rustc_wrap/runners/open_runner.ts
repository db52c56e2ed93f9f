import type { HostBaseOptions } from "../base/host_identity.ts";
import type { DerivedBase } from "../base/derived_identity.ts";
import { ensureNamedImage } from "../base/ensure_named.ts";
import type { NamedBaseOptions } from "../base/named_identity.ts";
import { InfrastructureError } from "../errors.ts";
import { RecordingRunner } from "../final/recording_runner.ts";
import type { Runner } from "../model.ts";
import type { WrapContext } from "../wrap_context.ts";
import { BuildKitRunner } from "./buildkit.ts";
import { isClientName, openClientRunner } from "./open_client_runner.ts";
import { baseMaker } from "./_base_maker.ts";
import { PlanRunner } from "./plan_runner.ts";
import { RepeatingRunner } from "./repeating_runner.ts";

/**
 * Makes the runner of the settings.
 *
 * @param options The base image: one of this machine, or one that is named.
 * @param context Settings and environment.
 * @param derived The image that is made of that one, where the settings add something.
 * @returns The runner; dispose of it.
 * @throws {InfrastructureError} when there is none of that name.
 */
export function openRunner(
  options: HostBaseOptions | NamedBaseOptions,
  context: Pick<WrapContext, "settings" | "env" | "note" | "scope">,
  derived?: DerivedBase,
): Runner {
  const { settings, scope } = context;
  let runner = openPlain(options, context, derived);
  if (settings.experiments.includes("repro")) {
    runner = new RepeatingRunner(runner, ({ id }, names) => {
      const text = `${id}: not the same when made again: ${names.join(", ")}`;
      context.note(text, "warn");
      scope.tellOnce(`repro-${id}`, `warning: rustcbuildx: ${text}`);
    });
  }
  if (settings.syntax !== undefined || settings.nofile !== undefined) {
    runner = new PlanRunner(runner, settings);
  }
  const recordDir = context.env["CARGOGREEN_RECORD_DIR_"];
  return recordDir === undefined ? runner : new RecordingRunner(runner, recordDir);
}

function openPlain(
  options: HostBaseOptions | NamedBaseOptions,
  { settings, env, note }: Pick<WrapContext, "settings" | "env" | "note">,
  derived: DerivedBase | undefined,
): Runner {
  if (settings.runner === "buildkit") {
    return new BuildKitRunner({
      ensureBase: baseMaker(options, derived),
      // What is made of this machine's own files needs no second look.
      checkBase: "image" in options && derived === undefined
        ? (engine, base, signal) => ensureNamedImage(engine, base, options, signal)
        : undefined,
      env: (name) => env[name],
      onNote: note,
    });
  }
  if (isClientName(settings.runner)) {
    return openClientRunner(options, { settings, env, note }, derived);
  }
  throw new InfrastructureError({
    action: `use the runner ${JSON.stringify(settings.runner)}`,
    reason: "there is none of that name",
    lasting: true,
  });
}
