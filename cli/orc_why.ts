import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { archiveDirectory } from "../lib/orchestra/archives/archive_path.ts";
import { dependantsOf } from "../lib/orchestra/graph/mod.ts";
import {
  closure,
  describeDifference,
  findMaterial,
  type NamedMaterial,
} from "../lib/orchestra/hashes/mod.ts";
import type { BuildTarget, Configuration, InstalledBuild } from "../lib/orchestra/mod.ts";
import type { OrcContext } from "./_orc_context.ts";

/** What is known about a component. */
interface Explanation {
  readonly component: string;
  readonly state: string;
  readonly installed: InstalledBuild | null;
  readonly recursiveHash: string;
  /** `null` when it is not known what the installed hash was taken of. */
  readonly differences: readonly string[] | null;
  readonly directDependants: readonly string[];
  readonly allDependants: readonly string[];
  readonly installedDependants: readonly string[];
}

/** Makes `orc why`. */
export function whyCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("why")
    .description(
      "Tell whether a component is up to date, what has changed since it was installed, and who " +
        "depends on it.",
    )
    .argument("<component>", "the component, or component@build")
    .option("--json", "as JSON")
    .action(async (spec, { json }) => {
      const { target } = await context.build(spec);
      const explanation = await explain(context, target);
      if (json) context.printJson(asJson(explanation));
      else print(context, explanation);
    });
}

async function explain(context: OrcContext, target: BuildTarget): Promise<Explanation> {
  const configuration = await context.configuration();
  const [world, hashes] = [await context.world(), await context.hashes()];
  const { component } = target;
  const recursiveHash = hashes.recursiveHash(component);
  const installed = world.installed.get(component);
  let differences: readonly string[] | null = [];
  if (installed !== undefined && installed.recursiveHash !== recursiveHash) {
    const before = await materialOf(configuration, installed);
    const names = closure(configuration.components, component);
    const now = { material: hashes.hashMaterial(component), names };
    differences = before === undefined ? null : differenceOf(before, now);
  }
  const allDependants = dependantsOf(configuration, [component]);
  return {
    component,
    state: stateOf(target, installed, recursiveHash),
    installed: installed ?? null,
    recursiveHash,
    differences,
    directDependants: dependantsOf(configuration, [component], 1),
    allDependants,
    installedDependants: allDependants.filter((one) => world.installed.get(one) !== undefined),
  };
}

/** What is beside an archive may be anything. */
function differenceOf(
  before: NamedMaterial,
  now: Required<NamedMaterial>,
): readonly string[] | null {
  try {
    return describeDifference(before, now);
  } catch {
    return null;
  }
}

function stateOf(
  { component, build }: BuildTarget,
  installed: InstalledBuild | undefined,
  hash: string,
): string {
  if (installed === undefined) return `${component} is not installed`;
  const by = installed.manuallyInstalled ? "was asked for by name" : "came as a dependency";
  const what = `${component}@${installed.build} is installed and ${by}`;
  if (installed.recursiveHash !== hash) {
    return `${what}; it is out of date and would be installed again`;
  }
  if (installed.build !== build) return `${what}, and not build ${build}`;
  return `${what}; it is up to date`;
}

/** What the hash of an installed component was taken of: kept in the cache, or with its archive. */
async function materialOf(
  configuration: Configuration,
  installed: InstalledBuild,
): Promise<NamedMaterial | undefined> {
  const { recursiveHash } = installed;
  const kept = await findMaterial(configuration, recursiveHash);
  if (kept !== undefined) return kept;
  const { paths, binaryArchives } = configuration;
  for (const { name } of binaryArchives) {
    const directory = `${paths.binaryArchives}/${name}/${archiveDirectory(installed)}`;
    const files = await Array.fromAsync(Deno.readDir(directory)).catch(() => []);
    const file = files.find((one) => one.name.endsWith(`_${recursiveHash}.hash-material.yml`));
    if (file === undefined) continue;
    return { material: await Deno.readTextFile(`${directory}/${file.name}`) };
  }
  return undefined;
}

function asJson(explanation: Explanation) {
  const { installed } = explanation;
  return {
    component: explanation.component,
    state: explanation.state,
    installed_build_name: installed?.build ?? null,
    installed_recursive_hash: installed?.recursiveHash ?? null,
    manually_installed: installed?.manuallyInstalled ?? false,
    recursive_hash: explanation.recursiveHash,
    differences: explanation.differences,
    direct_dependants: explanation.directDependants,
    all_dependants: explanation.allDependants,
    installed_dependants: explanation.installedDependants,
  };
}

function print(context: OrcContext, explanation: Explanation): void {
  const { component, state, installed, recursiveHash, differences } = explanation;
  context.print(state);
  if (installed !== null && installed.recursiveHash !== recursiveHash) {
    context.print(`  hash when it was installed: ${installed.recursiveHash}`);
    context.print(`  hash now:                   ${recursiveHash}`);
    if (differences === null) {
      context.print("  What has changed is not known: its hash material was not kept");
    } else for (const sentence of differences) context.print(`  ${sentence}`);
  }
  const { directDependants, allDependants, installedDependants } = explanation;
  if (allDependants.length === 0) {
    context.print(`Nothing depends on ${component}`);
    return;
  }
  context.print(`Depending on it directly: ${directDependants.join(" ")}`);
  const further = allDependants.filter((name) => !directDependants.includes(name));
  if (further.length > 0) context.print(`Depending on it through others: ${further.join(" ")}`);
  context.print(
    installedDependants.length === 0
      ? "None of them is installed"
      : `Installed, and built again when it changes: ${installedDependants.join(" ")}`,
  );
}
