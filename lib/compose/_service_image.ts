import type { DockerfileSource, ImageSource } from "../containers/mod.ts";
import type { Build, ComposeModel, Service } from "./model.ts";
import type { Project } from "./project.ts";
import type { ToNetworkOptions } from "./to_network.ts";
import { compact, hostsOf } from "./_plain_data.ts";

/** What the containers of a service are made from. */
export function imageOf(
  name: string,
  service: Service,
  project: Project,
  options: ToNetworkOptions,
): ImageSource {
  const { build, platform } = service;
  const image = imageNameOf(project, name);
  if (build === undefined || !isBuilt(name, service, options)) {
    return { kind: "reference", reference: image };
  }
  return compact<DockerfileSource>({
    kind: "dockerfile",
    path: build.dockerfile_inline === undefined ? dockerfilePath(build) : undefined,
    contents: build.dockerfile_inline,
    context: build.context,
    args: build.args && Object.fromEntries(
      Object.entries(build.args).filter(([, value]) => value !== null),
    ) as Record<string, string>,
    target: build.target,
    platform: build.platforms?.[0] ?? platform,
    noCache: build.no_cache,
    pull: build.pull,
    network: build.network,
    labels: build.labels,
    secrets: buildSecrets(build, project.model),
    cacheFrom: build.cache_from,
    extraHosts: build.extra_hosts && hostsOf(build.extra_hosts),
    tags: build.tags,
    // In a run of its own an image needs no name; a project that is kept finds it again by that.
    tag: options.names === "project" ? image : service.image,
  });
}

/** Name of the image of a service: its own, or the one that Compose gives what it builds. */
export function imageNameOf(project: Project, service: string): string {
  return project.model.services[service]?.image ?? `${project.name}-${service}`;
}

/** Whether the image of a service is built. */
export function isBuilt(name: string, { build }: Service, options: ToNetworkOptions): boolean {
  if (build === undefined || options.build === false) return false;
  return options.build === undefined || options.build === true || options.build.includes(name);
}

function dockerfilePath({ context, dockerfile = "Dockerfile" }: Build): string {
  return dockerfile.startsWith("/") ? dockerfile : `${context}/${dockerfile}`;
}

function buildSecrets(build: Build, model: ComposeModel): DockerfileSource["secrets"] {
  if (build.secrets === undefined) return undefined;
  return Object.fromEntries(build.secrets.map(({ source, target = source }) => {
    const { file, environment } = model.secrets![source]!;
    return [target, file === undefined ? { env: environment! } : { file }];
  }));
}
