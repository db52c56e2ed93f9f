import type { FileSpec, VolumeSpec } from "../containers/mod.ts";
import type { ComposeModel, FileReference, Service, ServiceVolume } from "./model.ts";
import type { Project } from "./project.ts";
import { bytes, compact } from "./_plain_data.ts";

/** What is mounted for an entry of `volumes`. */
export function volumeOf(volume: ServiceVolume): VolumeSpec {
  const { type, source = "", target, read_only: readOnly } = volume;
  if (type === "bind") {
    return compact<VolumeSpec>({
      bind: source,
      target,
      readOnly,
      make: volume.bind?.create_host_path === false ? undefined : volume.bind?.create_host_path,
      propagation: volume.bind?.propagation,
      selinux: volume.bind?.selinux,
    });
  }
  if (type === "volume") {
    return compact<VolumeSpec>({ volume: source, target, readOnly, noCopy: volume.volume?.nocopy });
  }
  const { size, mode } = volume.tmpfs ?? {};
  return compact<VolumeSpec>({
    tmpfs: target,
    sizeBytes: bytes(size),
    mode: mode === undefined ? undefined : Number.parseInt(mode, 8),
  });
}

/** Configs and secrets that are copied into a container. */
export function filesOf(service: Service, project: Project): readonly FileSpec[] | undefined {
  const { model, fileVariables } = project;
  const files = fileReferences(service).map(({ kind, reference }): FileSpec => {
    const { file, content, environment } = model[kind]![reference.source]!;
    const attributes = {
      target: fileTarget(kind, reference),
      mode: Number.parseInt(reference.mode ?? "0444", 8),
      ...(reference.uid === undefined ? {} : { uid: Number(reference.uid) }),
      ...(reference.gid === undefined ? {} : { gid: Number(reference.gid) }),
    };
    if (file !== undefined) return { source: file, uid: 0, gid: 0, ...attributes };
    return { content: content ?? fileVariables[environment!]!, ...attributes };
  });
  return files.length === 0 ? undefined : files;
}

/** Configs and secrets that are mounted: nothing can be copied into a read-only file system. */
export function readOnlyFiles(service: Service, model: ComposeModel): readonly VolumeSpec[] {
  if (service.read_only !== true) return [];
  return fileReferences(service).map(({ kind, reference }) => ({
    bind: model[kind]![reference.source]!.file!,
    target: fileTarget(kind, reference),
    readOnly: true,
  }));
}

function fileReferences({ configs = [], secrets = [] }: Service) {
  return [
    ...configs.map((reference) => ({ kind: "configs", reference } as const)),
    ...secrets.map((reference) => ({ kind: "secrets", reference } as const)),
  ];
}

function fileTarget(kind: "configs" | "secrets", { source, target }: FileReference): string {
  if (target?.startsWith("/")) return target;
  return kind === "secrets" ? `/run/secrets/${target ?? source}` : `/${target ?? source}`;
}
