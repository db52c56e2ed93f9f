import { checkProject } from "./_check_project.ts";
import { readEnvFilesOf, readLabelFilesOf } from "./_service_env.ts";
import type { FileContext } from "./_files.ts";
import type { ComposeModel, FileObject, Network, Service, Volume } from "./model.ts";
import { object, type Reader } from "./_reader.ts";
import { readFileObject, readNetwork, type ReadResource, readVolume } from "./_read_resources.ts";
import { readService } from "./_read_service.ts";
import { child, isNull, type MapNode } from "../yaml_tree/mod.ts";

/** What reading a merged project needs. */
export interface ProjectRequest {
  /** Name of the project. */
  readonly name: string;
  /** Active profiles. */
  readonly profiles: readonly string[];
  /** Services that are enabled anyway. */
  readonly services: readonly string[];
  /** Reads values. */
  readonly reader: Reader;
  /** Reads files. */
  readonly context: FileContext;
}

/** What of a project comes out of its files. */
export interface ReadProject {
  /** The canonical form. */
  readonly model: ComposeModel;
  /** All profiles. */
  readonly profiles: readonly string[];
  /** Services that are not enabled. */
  readonly disabledServices: readonly string[];
  /** Variables of configs and secrets. */
  readonly fileVariables: Readonly<Record<string, string>>;
}

const skip = () => undefined;

/** The known keys of a file; `version` means nothing any more. */
const topLevel = object<Record<string, string>>({
  version: skip,
  name: skip,
  include: skip,
  services: skip,
  networks: skip,
  volumes: skip,
  configs: skip,
  secrets: skip,
}, { models: "superorch runs no models" });

/** Reads a merged tree, checks it as a whole and leaves out what nothing needs. */
export async function readProject(tree: MapNode, request: ProjectRequest): Promise<ReadProject> {
  const { name, reader, context } = request;
  checkTopLevel(tree, reader);
  const all = readSection(tree, "services", reader, (node, reader, path) => {
    if (!isNull(node)) return readService(node, reader, path);
    return reader.error(node, `"${path}" must be a mapping, not nothing`);
  }, name);
  const networks = readSection<Network>(tree, "networks", reader, readNetwork, name);
  const volumes = readSection<Volume>(tree, "volumes", reader, readVolume, name);
  const configs = readSection<FileObject>(tree, "configs", reader, readFileObject, name);
  const secrets = readSection<FileObject>(tree, "secrets", reader, readFileObject, name);
  if (Object.keys(all).length === 0 && reader.diagnostics.errors.length === 0) {
    const at = tree.entries.get("services")?.key ?? tree;
    reader.error(at, 'A project must have at least one service in "services"');
  }
  const isEnabled = (key: string, { profiles = [] }: Service) =>
    profiles.length === 0 || request.services.includes(key) || request.profiles.includes("*") ||
    profiles.some((profile) => request.profiles.includes(profile));
  const enabled: Record<string, Service> = {};
  for (const key of Object.keys(all).toSorted()) {
    const service = all[key]!;
    if (!isEnabled(key, service)) continue;
    const node = child(child(tree, "services"), key)!;
    const complete = await readEnvFilesOf(service, child(node, "env_file"), key, reader, context);
    const labels = child(node, "label_file");
    enabled[key] = withImplied(await readLabelFilesOf(complete, labels, key, reader, context));
  }
  if (networks["default"] === undefined) networks["default"] = { name: `${name}_default` };
  const model = checkProject({ name, services: enabled, networks, volumes, configs, secrets }, {
    tree,
    reader,
    all,
  });
  const fileVariables = readFileVariables(model, tree, reader);
  const disabledServices = Object.keys(all).filter((key) => !Object.hasOwn(enabled, key));
  const profiles = new Set(Object.values(all).flatMap(({ profiles = [] }) => profiles));
  return { model, profiles: [...profiles].sort(), disabledServices, fileVariables };
}

function checkTopLevel(tree: MapNode, reader: Reader): void {
  topLevel(tree, reader, "");
  for (const [name, { key }] of tree.entries) {
    if (name === "version") {
      const text = '"version" means nothing any more and can be left out';
      reader.diagnostics.warning(key.source, key.range, text);
    }
  }
}

function readSection<T>(
  tree: MapNode,
  section: string,
  reader: Reader,
  read: ReadResource<T>,
  project: string,
): Record<string, T> {
  const node = child(tree, section);
  const result: Record<string, T> = {};
  if (node === undefined || isNull(node)) return result;
  if (node.kind !== "map") {
    reader.wrong(node, section, "a mapping");
    return result;
  }
  for (const [name, { key, value }] of node.entries) {
    if (name.startsWith("x-")) continue;
    if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,57}$/.test(name)) {
      const rule = 'it must begin with a letter or digit, go on with letters, digits, ".", "_" ' +
        'and "-", and have at most 58 characters';
      reader.error(key, `Cannot use name "${name}" in "${section}": ${rule}`);
      continue;
    }
    const one = read(value, reader, `${section}.${name}`, name, project);
    if (one !== undefined) result[name] = one;
  }
  return result;
}

// Whoever shares something of another service needs it, without saying so.
function withImplied(service: Service): Service {
  const names = [
    ...(service.links ?? []).map((link) => link.split(":")[0]!),
    ...(service.volumes_from ?? []).flatMap((text) =>
      text.startsWith("container:") ? [] : [text.split(":")[0]!]
    ),
    ...[service.network_mode, service.ipc, service.pid].flatMap((mode) =>
      mode?.startsWith("service:") ? [mode.slice("service:".length)] : []
    ),
  ].filter((name) => !Object.hasOwn(service.depends_on ?? {}, name));
  const isAlone = service.network_mode !== undefined;
  const networks = service.networks ?? (isAlone ? undefined : { default: null });
  const rest = networks === undefined ? service : { ...service, networks };
  if (names.length === 0) return rest;
  const implied = Object.fromEntries(
    names.map((name) => [name, { condition: "service_started", required: true } as const]),
  );
  return { ...rest, depends_on: { ...service.depends_on, ...implied } };
}

function readFileVariables(
  model: ComposeModel,
  tree: MapNode,
  reader: Reader,
): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const section of ["configs", "secrets"] as const) {
    for (const [name, { environment }] of Object.entries(model[section] ?? {})) {
      if (environment === undefined) continue;
      const value = reader.readEnv(environment);
      const at = child(child(child(tree, section), name), "environment")!;
      if (value === undefined) {
        reader.error(at, `Variable "${environment}" is not set, and "${section}.${name}" needs it`);
      } else values[environment] = value;
    }
  }
  return values;
}
