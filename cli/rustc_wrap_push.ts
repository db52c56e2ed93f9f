import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { openShared, prepareBase, sendResults } from "../lib/rustc_wrap/mod.ts";
import type { Output } from "./output.ts";
import { ownStore } from "./rustc_wrap_cache.ts";
import { readOwnSettings } from "./rustc_wrap_settings.ts";
import { UsageError } from "./usage_error.ts";

/** Makes `superorch rustc-wrap pull`. */
export function pullCommand(output: Output): CommandUnknownOpts {
  return new Command("pull")
    .description(
      "Make sure that the engine has the image that crates are compiled in: pull it, or make it of " +
        "this machine's toolchain.",
    )
    .option("--target <triple>", "the image for that target, as cargo's option of that name")
    .action(({ target }) => pull(output, target));
}

/** Makes `superorch rustc-wrap push`. */
export function pushCommand(output: Output): CommandUnknownOpts {
  return new Command("push")
    .description("Send the results that others may see to the shared places of the settings.")
    .action(() => push(output));
}

/** Makes `superorch rustc-wrap sync`. */
export function syncCommand(output: Output): CommandUnknownOpts {
  return new Command("sync")
    .description("pull, and where there are shared places, push.")
    .action(async () => {
      await pull(output);
      const { settings } = await readOwnSettings();
      if (settings.cacheTo.length > 0) await push(output);
    });
}

async function pull(output: Output, target?: string): Promise<void> {
  const { settings } = await readOwnSettings();
  const { image } = await prepareBase({
    settings,
    target,
    env: Deno.env.toObject(),
    cwd: Deno.cwd(),
    onNote: (text) => output.err.write(`${text}\n`),
  });
  output.out.write(`${image}\n`);
}

async function push(output: Output): Promise<void> {
  const { settings } = await readOwnSettings();
  if (settings.cacheTo.length === 0) {
    throw new UsageError(
      "Cannot push: no shared place is set; CARGOGREEN_CACHE_IMAGES or CARGOGREEN_CACHE_TO names one",
    );
  }
  const failures: string[] = [];
  const failed = new Set<string>();
  const places = await openShared({ cacheFrom: settings.cacheTo, cacheTo: settings.cacheTo }, {
    env: Deno.env.toObject(),
    cwd: Deno.cwd(),
    hasFailed: (name) => failed.has(name),
    onFailure: (name, reason) => {
      failed.add(name);
      failures.push(`${name}: ${reason}`);
    },
  });
  try {
    const counts = await sendResults(await ownStore(), places);
    if (failures.length > 0) throw new Error(`Cannot push to ${failures.join("; ")}`);
    output.err.write(`Sent ${counts.sent} results, ${counts.private} are private\n`);
  } finally {
    for (const place of places) await place[Symbol.asyncDispose]();
  }
}
