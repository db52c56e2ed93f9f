import type { EngineClient } from "../engine/mod.ts";
import { LABEL } from "../containers/mod.ts";
import type { Project } from "./project.ts";
import { imageNameOf } from "./_service_image.ts";
import type { UpTarget } from "./up_target.ts";

/**
 * Finds the services whose image has to be built: those that can be, and whose image is not there
 * or belongs to a run that takes it along when it ends.
 *
 * @param all Whether all that can be built are.
 */
export async function servicesToBuild(
  engine: EngineClient,
  target: UpTarget,
  services: readonly string[],
  all: boolean,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  if (!("model" in target)) return [];
  const buildable = services.filter((name) => target.model.services[name]?.build !== undefined);
  const isThere = await Promise.all(
    buildable.map((name) =>
      all || target.model.services[name]!.pull_policy === "build"
        ? false
        : isKeptImage(engine, target, name, signal)
    ),
  );
  return buildable.filter((_, index) => !isThere[index]);
}

async function isKeptImage(
  engine: EngineClient,
  project: Project,
  service: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const image = await engine.images.find(imageNameOf(project, service), { signal });
  return image !== undefined && image.Config?.Labels?.[LABEL.lifetime] !== "owner";
}
