import { clientFor, TITLE } from "./artifact.ts";
import type { BlobSaveOptions, RegistryCallOptions } from "./blob_api.ts";
import type { RegistryClient, RegistryClientOptions } from "./client.ts";
import { isDescriptor } from "./_descriptor.ts";
import type { Descriptor, RegistryManifest } from "./manifest_api.ts";
import { parseReference } from "./reference.ts";

/** How an artifact is read. */
export interface PullArtifactOptions extends RegistryCallOptions, RegistryClientOptions {
  /** The client of that registry. Default: one of its own, with the other options. */
  readonly client?: RegistryClient;
  /** What it must be; something else is an error. Default: anything. */
  readonly artifactType?: string;
}

/** One file of an artifact that is in a registry. */
export interface PulledLayer extends Descriptor {
  /** Its file name, where it has one: a plain name, never a path. */
  readonly title?: string;
  /** Reads it; the digest is checked at the end of the stream. */
  stream(options?: RegistryCallOptions): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /** Reads it into memory, 64 MiB at most unless told otherwise. */
  bytes(
    options?: RegistryCallOptions & { readonly limitBytes?: number },
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** Reads it into a file, which is there whole and checked, or not at all. */
  save(path: string, options?: Omit<BlobSaveOptions, "sizeBytes">): Promise<void>;
}

/** An artifact that is in a registry. Its layers are not read yet. */
export interface PulledArtifact extends AsyncDisposable {
  /** The digest of its manifest. */
  readonly digest: string;
  /** What it is; the media type of its config where it does not say. */
  readonly artifactType: string;
  /** Notes on the whole. */
  readonly annotations: Readonly<Record<string, string>>;
  /** What describes it as a whole. */
  readonly config: PulledLayer;
  /** Its files, in order. */
  readonly layers: readonly PulledLayer[];
  /** Its manifest, as it came. */
  readonly manifest: RegistryManifest;
}

/**
 * Looks an artifact up; its layers are read when they are asked for.
 *
 * Permissions: `--allow-net` of the registry, `--allow-write` of what is saved; for a login that of
 * `dockerCredentials()`.
 *
 * @param reference `registry/repository[:tag][@digest]`, the tag `latest` by default.
 * @param options What it must be; client and signal.
 * @returns It; dispose it to close the connections.
 * @throws {RegistryNotFoundError} when the registry does not have it.
 * @throws {TypeError} when it is something else.
 * @throws {DigestMismatchError} when what came is not what the digest says.
 * @throws {RegistryConnectionError} when the registry cannot be reached.
 * @example
 * ```ts no-eval
 * import { pullArtifact } from "@superorch/superorch/registry";
 *
 * await using artifact = await pullArtifact("127.0.0.1:5000/shop/data:1.0");
 * for (const layer of artifact.layers) await layer.save(`/tmp/${layer.title ?? layer.digest}`);
 * ```
 */
export async function pullArtifact(
  reference: string,
  options: PullArtifactOptions = {},
): Promise<PulledArtifact> {
  const { registry, repository, tag = "latest", digest } = parseReference(reference);
  const client = clientFor(registry, options);
  const dispose = async () => {
    if (options.client === undefined) await client[Symbol.asyncDispose]();
  };
  try {
    const { signal } = options;
    const manifest = await client.manifests.get(repository, digest ?? tag, { signal });
    const { config, layers, annotations } = partsOf(reference, manifest);
    const artifactType = manifest.artifactType ?? config.mediaType;
    if (options.artifactType !== undefined && artifactType !== options.artifactType) {
      throw problem(reference, `it is ${artifactType}, not ${options.artifactType}`);
    }
    const readable = (descriptor: Descriptor) => pulledLayer(client, repository, descriptor);
    return {
      digest: manifest.digest,
      artifactType,
      annotations,
      config: readable(config),
      layers: layers.map(readable),
      manifest,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function pulledLayer(
  client: RegistryClient,
  repository: string,
  descriptor: Descriptor,
): PulledLayer {
  const { digest, size: sizeBytes, annotations } = descriptor;
  const title = annotations?.[TITLE];
  // Who pushed it chose the name: one that leads out of a directory is none.
  const isPlain = title !== undefined && title !== "" && !/[/\\\0]/.test(title) &&
    title !== "." && title !== "..";
  return {
    ...descriptor,
    ...(isPlain ? { title } : {}),
    stream: (options) => client.blobs.get(repository, digest, { ...options, sizeBytes }),
    bytes: (options) => client.blobs.bytes(repository, digest, { ...options, sizeBytes }),
    save: (path, options) => client.blobs.save(repository, digest, path, { ...options, sizeBytes }),
  };
}

function partsOf(
  reference: string,
  { json, mediaType }: RegistryManifest,
): {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
} {
  const { config, layers, annotations } = json;
  if (!isDescriptor(config) || !Array.isArray(layers)) {
    throw problem(reference, `it is no artifact with layers, its media type is ${mediaType}`);
  }
  const broken = layers.findIndex((layer) => !isDescriptor(layer));
  if (broken !== -1) throw problem(reference, `its layer ${broken} has no digest and size`);
  const notes = typeof annotations === "object" && annotations !== null ? annotations : {};
  return { config, layers, annotations: notes as Readonly<Record<string, string>> };
}

function problem(reference: string, text: string): TypeError {
  return new TypeError(`Cannot pull ${JSON.stringify(reference)}: ${text}`);
}
