import { OrchestraError } from "../errors.ts";
import { buildDirectory, buildEnvironment, withEnvironment } from "../environment/mod.ts";
import { type BuildTarget, qualifiedName } from "../model.ts";
import { joinPath, parentPath } from "../_path.ts";
import type { ActionContext } from "./action_context.ts";
import { CONFIGURE_SUCCESSFUL, configureRecord, isThere } from "./directories.ts";
import { findBuild } from "./find_build.ts";
import { runActionScript } from "./run_action_script.ts";
import { linkSources } from "./sources.ts";

/**
 * Runs the configure script of a build, which has to make `BUILD_DIR`.
 *
 * @param target The build.
 * @param context What it works on.
 * @throws {ScriptFailedError} when the script fails; that is recorded.
 * @throws {OrchestraError} when it does not make the directory.
 */
export async function configureBuild(target: BuildTarget, context: ActionContext): Promise<void> {
  const { configuration, log, options } = context;
  const { configure } = findBuild(configuration, target);
  await linkSources(configuration, target.component);
  const directory = buildDirectory(configuration, target);
  const record = configureRecord(configuration, target);
  const successful = joinPath(directory, CONFIGURE_SUCCESSFUL);
  if (isThere(directory)) {
    if (isThere(record) && !isThere(successful)) {
      log(
        "WARNING",
        "Previous configure probably failed, running configure script in a dirty environment",
      );
      log("WARNING", `Consider cleaning it first: orchestra clean ${qualifiedName(target)}`);
    } else {
      log(
        "WARNING",
        "This component was already successfully configured, rerunning configure script",
      );
    }
  }
  await Deno.mkdir(parentPath(record), { recursive: true });
  await Deno.writeTextFile(record, `${new Date().toISOString()}\n`);
  await Deno.remove(successful).catch(ignoreMissing);
  const environment = buildEnvironment(configuration, {
    target,
    runTests: options.runTests ?? false,
  });
  log("DEBUG", "Executing configure script");
  await runActionScript(withEnvironment(configure, environment), configure, context, {
    ...target,
    kind: "configure",
  });
  if (!isThere(directory)) {
    throw new OrchestraError(`${directory} was not created by the configure script`);
  }
  if (!await isDirectory(directory)) {
    throw new OrchestraError(
      `${directory} must be a directory: the configure script has put ` +
        "something else there",
    );
  }
  await Deno.writeTextFile(successful, "");
  await Deno.remove(record);
}

async function isDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isDirectory, (error) => {
    ignoreMissing(error); // a link that leads nowhere
    return false;
  });
}

function ignoreMissing(error: unknown): void {
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return;
  throw error;
}
