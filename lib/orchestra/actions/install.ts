import { archivePath } from "../archives/archive_path.ts";
import { createArchive } from "../archives/create_archive.ts";
import { extractArchive } from "../archives/extract_archive.ts";
import { remoteForNewArchives } from "../archives/remote.ts";
import {
  buildDirectory,
  buildEnvironment,
  sourceDirectory,
  tmpRoot,
  withEnvironment,
} from "../environment/mod.ts";
import { OrchestraError } from "../errors.ts";
import { writeMaterialCache } from "../hashes/mod.ts";
import { removeTree } from "../installed/complete_transaction.ts";
import { listTree } from "../installed/list_tree.ts";
import { mergeIntoRoot } from "../installed/merge.ts";
import {
  type BuildTarget,
  type InstallAction,
  type InstalledBuild,
  qualifiedName,
  sanitize,
} from "../model.ts";
import { joinPath } from "../_path.ts";
import { copyLicense, postInstall, removeSharedFiles } from "../post_install/post_install.ts";
import type { ActionContext } from "./action_context.ts";
import { isThere } from "./directories.ts";
import { findBuild } from "./find_build.ts";
import { runActionScript } from "./run_action_script.ts";
import { makeSkeleton } from "./skeleton.ts";
import { linkSources } from "./sources.ts";

/** What the one who runs several installs decides about one of them. */
export interface InstallDecisions {
  /** Whether it was asked for by name. */
  readonly requested: boolean;
  /** Has the change of the root done while nobody else changes it. */
  readonly merging: (
    change: (replacing: readonly string[]) => Promise<void>,
  ) => Promise<void>;
}

/**
 * Installs a build, from its archive if there is one and it may be used, or with its install
 * script: first into a root of its own, which is merged into the common one in the end.
 *
 * @param action What is installed, and how it may be.
 * @param context What it works on.
 * @param decisions What the run says about it.
 * @returns What is installed.
 * @throws {ScriptFailedError} when the script fails; its temporary root stays.
 * @throws {OrchestraError} when something else is wrong; the root is as it was.
 */
export async function installBuild(
  action: InstallAction,
  context: ActionContext,
  decisions: InstallDecisions,
): Promise<InstalledBuild> {
  const { configuration, hashes, world, options, log, signal } = context;
  const target: BuildTarget = { component: action.component, build: action.build };
  const recursiveHash = hashes.recursiveHash(target.component);
  const temporary = tmpRoot(configuration, target);
  const root = configuration.paths.orchestraRoot;
  const inside = joinPath(temporary, root.slice(1));
  const start = performance.now();
  await removeTree(temporary);
  await makeSkeleton(inside);
  const before = new Set((await listTree(inside, { signal })).files);
  const archive = action.allowArchive
    ? world.archives.find(target, () => recursiveHash)
    : undefined;
  if (archive !== undefined) {
    log("DEBUG", `Unpacking ${archive}`);
    await context.remoteArchives.fetch(archive, {
      tries: options.lfsRetries ?? 3,
      ...(options.lfsPauseMs === undefined ? {} : { firstPauseMs: options.lfsPauseMs }),
      log,
      ...(signal === undefined ? {} : { signal }),
    });
    await extractArchive(archive, inside, { signal });
    await removeSharedFiles(inside);
  } else {
    await buildInto(inside, temporary, target, context);
  }
  const files = (await listTree(inside, { signal })).files.filter((path) => !before.has(path));
  const installed: InstalledBuild = {
    ...target,
    recursiveHash,
    source: archive === undefined ? "build" : "binary archives",
    manuallyInstalled: decisions.requested ||
      world.installed.get(target.component)?.manuallyInstalled === true,
    installTimeSeconds: (performance.now() - start) / 1000,
    binaryArchivePath: archivePath(target, commitOf(target, context), recursiveHash),
  };
  if (archive === undefined && options.createBinaryArchives === true) {
    await archiveBuild(inside, installed, context);
  }
  if (options.merge !== false) {
    await decisions.merging(async (replacing) => {
      signal?.throwIfAborted();
      await mergeIntoRoot({
        root,
        from: inside,
        files,
        installed,
        replacing,
        keep: options.keepTmproot === true,
      }, { signal });
    });
    // `orc why` compares with it when something has changed; without it, it just knows less.
    await writeMaterialCache(configuration, world.commits, hashes, target.component)
      .catch((error) => log("WARNING", `Cannot keep the hash material: ${error.message}`));
  }
  if (options.keepTmproot !== true) await removeTree(temporary);
  if (options.discardBuildDirectories === true) {
    await removeTree(buildDirectory(configuration, target));
  }
  return installed;
}

async function buildInto(
  inside: string,
  temporary: string,
  target: BuildTarget,
  context: ActionContext,
): Promise<void> {
  const { configuration, options, log, signal } = context;
  const build = findBuild(configuration, target);
  const component = configuration.components.get(target.component);
  await linkSources(configuration, target.component);
  const environment = buildEnvironment(configuration, {
    target,
    install: true,
    runTests: options.runTests ?? false,
  });
  const real = await Deno.realPath(inside);
  log("DEBUG", "Executing install script");
  await runActionScript(withEnvironment(build.install, environment), build.install, context, {
    ...target,
    kind: "install",
  });
  if (!isThere(inside)) {
    throw new OrchestraError(
      `Cannot merge ${qualifiedName(target)}: its install script has removed ` +
        JSON.stringify(isThere(temporary) ? inside : temporary),
    );
  }
  // A link instead of it could lead to the root itself, which would be processed and moved then.
  if (!Deno.lstatSync(inside).isDirectory || await Deno.realPath(inside) !== real) {
    throw new OrchestraError(
      `Cannot merge ${qualifiedName(target)}: its install script has put something else in the ` +
        `place of ${JSON.stringify(inside)}`,
    );
  }
  await removeSharedFiles(inside);
  if (component === undefined || component.skipPostInstall) return;
  const { ndebug, asan } = build;
  await postInstall({
    directory: inside,
    root: configuration.paths.orchestraRoot,
    ndebug,
    asan,
    log,
    ...(signal === undefined ? {} : { signal }),
  });
  if (component.license === null) return;
  const places = [
    buildDirectory(configuration, target),
    sourceDirectory(configuration, target.component),
  ];
  if (await copyLicense(inside, sanitize(component.name), component.license, places)) return;
  throw new OrchestraError(
    `Cannot find the license ${JSON.stringify(component.license)} of ${qualifiedName(target)} in ` +
      places.map((place) => JSON.stringify(place)).join(" or "),
  );
}

async function archiveBuild(
  directory: string,
  installed: InstalledBuild,
  context: ActionContext,
): Promise<void> {
  const { configuration, hashes, log, signal } = context;
  const remote = remoteForNewArchives(configuration, installed.component);
  const path = archivePath(installed, commitOf(installed, context), installed.recursiveHash);
  const archive = joinPath(remote.directory, path);
  if (isThere(archive)) {
    log(
      "DEBUG",
      `Binary archive for ${qualifiedName(installed)} already exists, skipping creation`,
    );
    return;
  }
  log("INFO", `Creating binary archive for ${qualifiedName(installed)}`);
  await createArchive({
    directory,
    archive,
    hashMaterial: hashes.hashMaterial(installed.component),
    ...(signal === undefined ? {} : { signal }),
  });
}

function commitOf(
  { component }: BuildTarget,
  { configuration, world }: ActionContext,
): string | null {
  const repository = configuration.components.get(component)?.repository ?? null;
  return repository === null ? null : world.commits.head(repository).commit;
}
