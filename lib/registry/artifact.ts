import type { BlobSource, RegistryCallOptions } from "./blob_api.ts";
import { RegistryClient, type RegistryClientOptions } from "./client.ts";
import { type Descriptor, OCI_MANIFEST } from "./manifest_api.ts";
import { formatReference, parseReference } from "./reference.ts";

/** One file of an artifact; exactly one of `bytes`, `path` and `stream`. */
export type ArtifactLayer = BlobSource & {
  /** What it is. Default `application/octet-stream`. */
  readonly mediaType?: string;
  /** Notes. A layer from a path is given its file name as {@linkcode TITLE}. */
  readonly annotations?: Readonly<Record<string, string>>;
};

/** Something other than an image that is kept in a registry. */
export interface Artifact {
  /** What it is, as a media type: `application/vnd.example.archive.v1`. */
  readonly artifactType: string;
  /** Its files, in order. */
  readonly layers: readonly ArtifactLayer[];
  /** What describes it as a whole. Default: nothing, `{}`. */
  readonly config?: { readonly mediaType: string; readonly bytes: Uint8Array };
  /** Notes on the whole. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The manifest that it belongs to, which must be in the repository. */
  readonly subject?: Descriptor;
}

/** How an artifact is sent. */
export interface PushArtifactOptions extends RegistryCallOptions, RegistryClientOptions {
  /** The client of that registry. Default: one of its own, with the other options. */
  readonly client?: RegistryClient;
  /** The most that is sent at a time, for each of three layers; see {@linkcode BlobPutOptions}. */
  readonly chunkBytes?: number;
}

/** What names an artifact in its registry. */
export interface PushedArtifact extends Descriptor {
  /** The whole name, with the digest: `registry/repository:tag@sha256:…`. */
  readonly reference: string;
  /** What names its layers. */
  readonly layers: readonly Descriptor[];
}

/** The note that holds a layer's file name. */
export const TITLE = "org.opencontainers.image.title";

const EMPTY = {
  mediaType: "application/vnd.oci.empty.v1+json",
  bytes: new Uint8Array([0x7b, 0x7d]), // {}
};
/** As many as the docker command sends at once. */
const WIDTH = 3;

/**
 * Sends an artifact: its layers, three at a time and only those that the registry has not got, and
 * then the manifest, so that a tag never leads to something that is not all there.
 *
 * Equal artifacts have equal digests: nothing of the clock or the machine is in them.
 *
 * Permissions: `--allow-net` of the registry, `--allow-read` of the layers; for a login that of
 * `dockerCredentials()`.
 *
 * @param reference Where to: `registry/repository[:tag]`, the tag `latest` by default.
 * @param artifact What it is.
 * @param options Client and signal.
 * @returns What names it.
 * @throws {TypeError} when the name is none, or has a digest, which is for the content to say.
 * @throws {RegistryError} when the registry refuses.
 * @throws {RegistryConnectionError} when it cannot be reached.
 * @example
 * ```ts no-eval
 * import { pushArtifact } from "@superorch/superorch/registry";
 *
 * const { digest } = await pushArtifact("127.0.0.1:5000/shop/data:1.0", {
 *   artifactType: "application/vnd.example.data.v1",
 *   layers: [{ path: "data.tar", mediaType: "application/x-tar" }],
 *   annotations: { "org.opencontainers.image.version": "1.0" },
 * });
 * ```
 */
export async function pushArtifact(
  reference: string,
  artifact: Artifact,
  options: PushArtifactOptions = {},
): Promise<PushedArtifact> {
  const { registry, repository, tag = "latest", digest } = parseReference(reference);
  if (digest !== undefined) {
    throw new TypeError(
      `Cannot push ${JSON.stringify(reference)}: its digest comes from its content, give a tag`,
    );
  }
  requireMediaType(artifact.artifactType);
  for (const { mediaType } of artifact.layers) {
    if (mediaType !== undefined) requireMediaType(mediaType);
  }
  const { signal } = options;
  const client = clientFor(registry, options);
  try {
    const { config = EMPTY } = artifact;
    const configBlob = await client.blobs.put(repository, { bytes: config.bytes }, { signal });
    const layers = await pushLayers(client, repository, artifact.layers, options);
    const content = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: artifact.artifactType,
      config: {
        mediaType: config.mediaType,
        digest: configBlob.digest,
        size: configBlob.sizeBytes,
      },
      layers,
      ...(artifact.subject === undefined ? {} : { subject: bare(artifact.subject) }),
      ...(artifact.annotations === undefined ? {} : { annotations: artifact.annotations }),
    };
    const manifest = { mediaType: OCI_MANIFEST, content };
    const { listsSubject, ...put } = await client.manifests.put(repository, tag, manifest, {
      signal,
    });
    const pushed: Descriptor = {
      ...put,
      ...(artifact.annotations === undefined ? {} : { annotations: artifact.annotations }),
      artifactType: artifact.artifactType,
    };
    if (artifact.subject !== undefined && !listsSubject) {
      await client.addReferrer(repository, artifact.subject.digest, pushed, { signal });
    }
    const name = formatReference({ registry, repository, tag, digest: pushed.digest });
    return { ...pushed, reference: name, layers };
  } finally {
    if (options.client === undefined) await client[Symbol.asyncDispose]();
  }
}

/** The client that a caller gave, or one of our own. */
export function clientFor(
  registry: string,
  options: RegistryClientOptions & { readonly client?: RegistryClient },
): RegistryClient {
  const { client } = options;
  if (client === undefined) return new RegistryClient(registry, options);
  if (client.registry === registry) return client;
  throw new TypeError(`Cannot use the client of ${client.registry} for the registry ${registry}`);
}

async function pushLayers(
  client: RegistryClient,
  repository: string,
  layers: readonly ArtifactLayer[],
  { signal, chunkBytes }: PushArtifactOptions,
): Promise<readonly Descriptor[]> {
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  const done: Descriptor[] = [];
  const waiting = layers.entries();
  const work = async () => {
    for (const [at, layer] of waiting) {
      const { digest, sizeBytes } = await client.blobs.put(repository, layer, {
        signal: stop.signal,
        ...(chunkBytes === undefined ? {} : { chunkBytes }),
      });
      const annotations = annotationsOf(layer);
      done[at] = {
        mediaType: layer.mediaType ?? "application/octet-stream",
        digest,
        size: sizeBytes,
        ...(annotations === undefined ? {} : { annotations }),
      };
    }
  };
  try {
    const workers = Array.from({ length: WIDTH }, async () => {
      try {
        await work();
      } catch (error) {
        stop.abort(error); // the first one is why the others end
        throw error;
      }
    });
    const ends = await Promise.allSettled(workers);
    if (stop.signal.aborted) throw stop.signal.reason;
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    return done;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    for (const [, layer] of waiting) {
      if ("stream" in layer) await layer.stream.cancel().catch(() => {}); // it is nobody's business
    }
  }
}

function annotationsOf(layer: ArtifactLayer): Readonly<Record<string, string>> | undefined {
  const title = "path" in layer ? layer.path.split(/[/\\]/).at(-1) : undefined;
  return title === undefined || title === ""
    ? layer.annotations
    : { [TITLE]: title, ...layer.annotations };
}

function bare({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

function requireMediaType(text: string): void {
  if (/^[\w.+-]+\/[\w!#$&^.+-]+$/.test(text)) return;
  throw new TypeError(
    `Cannot use ${JSON.stringify(text)} as media type: it must be as "application/vnd.me.it.v1"`,
  );
}
