import { connectEngine } from "../engine/discovery.ts";
import { oneLine } from "./runners/_engine_failure.ts";
import { ClientRunner } from "./runners/client_runner.ts";
import { type ClientName, findClient } from "./runners/docker_client.ts";
import { MANAGED_BUILDER } from "./builders/builder_spec.ts";
import { findBuilder } from "./builders/managed_builder.ts";
import { BuildKitRunner } from "./runners/buildkit.ts";
import type { Capabilities, Env, Settings } from "./model.ts";

/** One thing that was looked at. */
export interface SetupCheck {
  /** What. */
  readonly what: string;
  /** Whether it is as it must be. */
  readonly ok: boolean;
  /** What was found, or what is wrong and what mends it. */
  readonly found: string;
}

/** What {@linkcode checkSetup} looks at. */
export interface CheckSetupOptions {
  /** Settings. */
  readonly settings: Settings;
  /** Variables. */
  readonly env: Env;
  /** Where cargo is started. */
  readonly cwd: string;
  /** Ends the search. */
  readonly signal?: AbortSignal;
}

/**
 * Looks at everything that a wrapped build needs. Nothing is changed.
 *
 * @param options Settings and variables.
 * @returns What was found, in order.
 */
export async function checkSetup(options: CheckSetupOptions): Promise<readonly SetupCheck[]> {
  const { settings, env, cwd, signal } = options;
  const checks: SetupCheck[] = [];
  const check = async (what: string, work: () => Promise<string>) => {
    try {
      checks.push({ what, ok: true, found: await work() });
    } catch (error) {
      signal?.throwIfAborted();
      checks.push({ what, ok: false, found: oneLine(error) });
    }
  };
  for (const program of ["cargo", env["RUSTC"] ?? "rustc"]) {
    await check(program, async () => {
      const { success, stdout, stderr } = await new Deno.Command(program, {
        args: ["--version"],
        cwd,
        stdin: "null",
        signal,
      }).output();
      const text = new TextDecoder().decode(success ? stdout : stderr).trim().split("\n")[0]!;
      if (!success) throw new Error(text);
      return text;
    });
  }
  await check("runner", async () => {
    if (settings.runner === "local" || settings.runner === "none") {
      return `${settings.runner}: no engine is asked`;
    }
    const { program, versions } = await runnerCapabilities(options);
    return `${settings.runner}: ${program} ${versions}`;
  });
  if (settings.runner === "buildx" || settings.runner === "docker" && settings.builder) {
    await check("builder", () => lookForBuilder(options));
  }
  if (settings.runner === "buildkit") {
    await check("engine", async () => {
      await using engine = await connectEngine({ env: (name) => env[name], signal });
      return engine.host;
    });
  }
  const { cacheDir } = settings;
  await check("results", async () => {
    if (cacheDir === undefined) return "none are kept";
    await Deno.mkdir(cacheDir, { recursive: true });
    const probe = `${cacheDir}/probe-${crypto.randomUUID().slice(0, 8)}`;
    await Deno.writeTextFile(probe, "");
    await Deno.remove(probe);
    return cacheDir;
  });
  for (const place of new Set([...settings.cacheFrom, ...settings.cacheTo])) {
    await check("shared place", async () => {
      const { openShared } = await import("./shared_store/open_shared.ts");
      let failure: string | undefined;
      const [store] = await openShared({ cacheFrom: [place], cacheTo: [] }, {
        env,
        cwd,
        hasFailed: () => false,
        onFailure: (_, reason) => failure = reason,
      });
      await using _store = store!;
      // A key that nothing has.
      await store!.get("inputs", "0".repeat(64), { signal });
      if (failure !== undefined) throw new Error(failure);
      return place;
    });
  }
  return checks;
}

/** Ours is made when it is first needed, and not for this. */
async function lookForBuilder(
  { settings: { builder, cacheDir }, env, signal }: CheckSetupOptions,
): Promise<string> {
  const { path } = await findClient("buildx", { env, cacheDir, signal });
  const name = builder ?? MANAGED_BUILDER;
  const found = await findBuilder({ path, env, cacheDir, signal }, name);
  if (found !== undefined) return `${name || "the one that docker has chosen"}: ${found.driver}`;
  if (builder === undefined) return `${name}: made when it is first needed`;
  throw new Error(`There is no builder ${JSON.stringify(name)}`);
}

/**
 * Asks the runner of the settings what it can do.
 *
 * @param options Settings and variables.
 * @returns Its capabilities.
 * @throws {InfrastructureError} when it cannot be used.
 */
export async function runnerCapabilities(
  { settings, env, signal }: Pick<CheckSetupOptions, "settings" | "env" | "signal">,
): Promise<Capabilities> {
  const ensureBase = () => Promise.resolve();
  await using runner = settings.runner === "buildkit"
    ? new BuildKitRunner({ ensureBase, env: (name) => env[name] })
    : new ClientRunner(settings.runner as ClientName, {
      ensureBase,
      env,
      cacheDir: settings.cacheDir,
    });
  return await runner.capabilities({ signal });
}
