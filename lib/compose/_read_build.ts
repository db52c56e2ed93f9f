import type { Build, FileReference } from "./model.ts";
import { bool, environment, filled, list, object, type Read, text, texts } from "./_reader.ts";
import { fileMode } from "./_read_volumes.ts";
import { mapAt } from "../yaml_tree/mod.ts";
import { extraHosts } from "./_read_hosts.ts";

/** Reads a reference to a config or secret. */
export const fileReference: Read<FileReference> = (node, reader, path) => {
  if (node.kind === "scalar") {
    const source = filled(node, reader, path);
    return source === undefined ? undefined : { source };
  }
  const fields = object<FileReference>({
    source: filled,
    target: filled,
    uid: id,
    gid: id,
    mode: fileMode,
  })(node, reader, path);
  if (fields === undefined) return undefined;
  if (fields.source === undefined) {
    return reader.error(node, `An item of "${path}" must have a "source"`);
  }
  return fields as FileReference;
};

function id(...[node, reader, path]: Parameters<Read<string>>): string | undefined {
  const value = text(node, reader, path);
  return value === undefined || /^\d+$/.test(value)
    ? value
    : reader.wrong(node, path, "a number of a user or group");
}

// What counts is an image; a cache in another form is the builder's own.
const cacheImage: Read<string> = (node, reader, path) => {
  const value = filled(node, reader, path);
  if (value === undefined || !value.includes("=")) return value;
  const fields = new Map(
    value.split(",").map((part) => {
      const at = part.indexOf("=");
      return [part.slice(0, at), part.slice(at + 1)];
    }),
  );
  const reference = fields.get("ref");
  if (fields.get("type") === "registry" && reference) return reference;
  return reader.error(node, `Cannot use "${value}": the engine takes cached steps of images only`);
};

/** Reads how an image is built. */
export const build: Read<Build> = (node, reader, path) => {
  const map = node.kind === "scalar" ? mapAt(node, [["context", node]]) : node;
  const result = object<Build>({
    context: filled,
    dockerfile: filled,
    dockerfile_inline: text,
    args: environment,
    cache_from: list(cacheImage),
    extra_hosts: extraHosts,
    labels: texts,
    network: filled,
    no_cache: bool,
    platforms: list(filled),
    pull: bool,
    secrets: list(fileReference),
    tags: list(filled),
    target: filled,
  }, {
    additional_contexts: "superorch gives a build one context",
    cache_to: "the engine's own builder keeps its cache itself",
    entitlements: "the engine's own builder gives none",
    isolation: "it has a meaning on Windows only",
    privileged: "the engine's own builder gives no privileges",
    provenance: "the engine's own builder makes no attestations",
    sbom: "the engine's own builder makes no attestations",
    shm_size: "superorch does not limit the memory of a build",
    ssh: "superorch does not lend keys to a build",
    ulimits: "superorch does not limit the processes of a build",
  })(map, reader, path);
  if (result === undefined || map.kind !== "map") return undefined;
  if (result.dockerfile !== undefined && result.dockerfile_inline !== undefined) {
    reader.error(
      map.entries.get("dockerfile_inline")!.key,
      `"${path}" must not have both "dockerfile" and "dockerfile_inline"`,
    );
  }
  if ((result.platforms?.length ?? 0) > 1) {
    reader.error(
      map.entries.get("platforms")!.key,
      `"${path}.platforms" must have one platform: an image of several needs a registry`,
    );
  }
  if (
    result.context !== undefined && /^(?:https?:|git@|git:|ssh:|github\.com\/)/.test(result.context)
  ) {
    reader.error(
      map.entries.get("context")!.value,
      `Cannot build from "${result.context}": the context must be a directory`,
    );
  }
  return result;
};
