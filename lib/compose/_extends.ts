import { didYouMean } from "../diagnostics/mod.ts";
import { type FileContext, readComposeFile, readReferred, shown } from "./_files.ts";
import type { ReadVariable } from "./interpolate.ts";
import { mergeTrees } from "./_merge.ts";
import { directoryOf } from "./_paths.ts";
import {
  child,
  isNull,
  type MapEntry,
  type MapNode,
  type ScalarNode,
  type TreeNode,
  withEntries,
} from "../yaml_tree/mod.ts";

interface Step {
  readonly path: string;
  readonly name: string;
}

/** What finding extended services needs. */
export interface ExtendsContext extends FileContext {
  /** Reads variables. */
  readonly read: ReadVariable;
}

/**
 * Puts every service that extends another one on top of it.
 *
 * @param file The file.
 * @param path Its absolute path.
 * @param base What earlier files of the project have, for services that this file does not.
 * @returns The file without `extends`.
 */
export async function applyExtends(
  file: MapNode,
  path: string,
  base: MapNode | undefined,
  context: ExtendsContext,
): Promise<MapNode> {
  const services = child(file, "services");
  if (services?.kind !== "map") return file;
  if (!Array.from(services.entries.values()).some(({ value }) => child(value, "extends"))) {
    return file;
  }
  const files = new Map<string, MapNode>([[path, file]]);
  const done = new Map<string, TreeNode>();

  const load = async (target: string, at: ScalarNode): Promise<MapNode | undefined> => {
    const known = files.get(target);
    if (known !== undefined) return known;
    const source = await readReferred(target, at, context);
    if (source === undefined) return undefined;
    const paths = { directory: directoryOf(target), home: context.home };
    const loaded = await readComposeFile(source, paths, context.read, context);
    files.set(target, loaded);
    return loaded;
  };

  const resolve = async (step: Step, node: TreeNode, chain: readonly Step[]): Promise<TreeNode> => {
    const key = `${step.path}\0${step.name}`;
    const known = done.get(key);
    if (known !== undefined) return known;
    const reference = child(node, "extends");
    if (node.kind !== "map" || reference === undefined || isNull(reference)) return node;
    const own = withEntries(node, { extends: undefined });
    const target = readReference(reference, step.path, context);
    const extended = target && await extend(own, target, step, [...chain, step]);
    // What could not be extended keeps the key, so that nothing else is said to be missing.
    const result = extended ?? node;
    done.set(key, result);
    return result;
  };

  const extend = async (
    own: MapNode,
    target: Reference,
    step: Step,
    chain: readonly Step[],
  ): Promise<TreeNode | undefined> => {
    const { at, name, path: from } = target;
    if (chain.some((one) => one.path === from && one.name === name)) {
      const names = [...chain.map((one) => one.name), name].join(" -> ");
      context.diagnostics.error(
        at.source,
        at.range,
        `Services extend each other in a circle: ${names}`,
      );
      return undefined;
    }
    const loaded = await load(from, target.fileAt ?? at);
    if (loaded === undefined) return undefined;
    const others = child(loaded, "services");
    const found = child(others, name) ??
      (from === path && base !== undefined ? child(child(base, "services"), name) : undefined);
    if (found === undefined) {
      const known = (others?.kind === "map" ? [...others.entries.keys()] : [])
        .filter((other) => from !== step.path || other !== step.name);
      const meant = didYouMean(name, known);
      context.diagnostics.error(
        at.source,
        at.range,
        `There is no service "${name}" in "${shown(from, context.cwd)}"`,
        meant === undefined ? {} : { hint: `did you mean "${meant}"?` },
      );
      return undefined;
    }
    const parent = await resolve({ path: from, name }, found, chain);
    return mergeTrees(parent, own, ["services", step.name]);
  };

  const entries = new Map<string, MapEntry>();
  for (const [name, { key, value }] of services.entries) {
    entries.set(name, { key, value: await resolve({ path, name }, value, []) });
  }
  return withEntries(file, { services: { ...services, entries } });
}

interface Reference {
  readonly at: ScalarNode;
  readonly name: string;
  readonly path: string;
  readonly fileAt?: ScalarNode;
}

function readReference(
  node: TreeNode,
  path: string,
  { diagnostics }: FileContext,
): Reference | undefined {
  if (node.kind === "scalar") return { at: node, name: node.text, path };
  const service = child(node, "service");
  const file = child(node, "file");
  if (node.kind === "map") {
    for (const [name, { key }] of node.entries) {
      if (name === "service" || name === "file" || name.startsWith("x-")) continue;
      const meant = didYouMean(name, ["service", "file"]);
      diagnostics.error(key.source, key.range, `Unknown key "${name}" in "extends"`, {
        ...(meant === undefined ? {} : { hint: `did you mean "${meant}"?` }),
      });
    }
  }
  if (service?.kind !== "scalar" || file !== undefined && file.kind !== "scalar") {
    diagnostics.error(
      node.source,
      node.range,
      '"extends" must be the name of a service, or a mapping with "service" and "file"',
    );
    return undefined;
  }
  const own = { at: service, name: service.text };
  return file === undefined ? { ...own, path } : { ...own, path: file.text, fileAt: file };
}
