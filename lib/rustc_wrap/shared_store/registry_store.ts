import {
  parseReference,
  pushArtifact,
  RegistryClient,
  RegistryNotFoundError,
} from "../../registry/mod.ts";
import type { BlobKind, BlobStore } from "../model.ts";
import { requireKey } from "./directory_store.ts";

/** What is in a registry. */
const TYPES: Readonly<Record<BlobKind, string>> = {
  result: "application/vnd.superorch.rustc-wrap.result.v1",
  inputs: "application/vnd.superorch.rustc-wrap.inputs.v1+json",
};
/** A registry that is slow or answers nonsense must not hold up a build. */
const STALL_MS = 20_000;
/** The largest result that is taken: a program with all of its debug information. */
const LIMIT_BYTES = 1024 ** 3;

/**
 * Keeps results in an OCI registry, each as a tag of one repository, written as an image manifest,
 * which every registry takes (what BuildKit calls `image-manifest=true`).
 */
export class RegistryStore implements BlobStore {
  /** For messages. */
  readonly name: string;
  /** Others can read it. */
  readonly keepsPrivate = false;
  readonly #registry: string;
  readonly #repository: string;
  readonly #prefix: string;
  readonly #client: RegistryClient;

  /**
   * Connects to nothing yet.
   *
   * @param image `registry/repository[:tag]`; all tags begin with that one then.
   */
  constructor(image: string) {
    const { registry, repository, tag } = parseReference(image);
    this.name = image;
    this.#registry = registry;
    this.#repository = repository;
    this.#prefix = tag === undefined ? "" : `${tag.slice(0, 50)}.`;
    this.#client = new RegistryClient(registry, { retries: 1, stallTimeoutMs: STALL_MS });
  }

  /** The bytes of a key. */
  async get(
    kind: BlobKind,
    key: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      const manifest = await this.#client.manifests.get(this.#repository, this.#tag(kind, key), {
        signal,
      });
      const { layers } = manifest.json as {
        layers?: readonly { readonly digest?: unknown; readonly size?: unknown }[];
      };
      const layer = layers?.[0];
      if (manifest.artifactType !== TYPES[kind] || typeof layer?.digest !== "string") {
        throw new Error(`${this.#tag(kind, key)} is something else`);
      }
      return await this.#client.blobs.bytes(this.#repository, layer.digest, {
        signal,
        limitBytes: LIMIT_BYTES,
      }) as Uint8Array<ArrayBuffer>;
    } catch (error) {
      if (error instanceof RegistryNotFoundError) return undefined;
      throw error;
    }
  }

  /** Sends bytes; the tag comes last, so that it never leads to something that is not all there. */
  async put(
    kind: BlobKind,
    key: string,
    bytes: Uint8Array<ArrayBuffer>,
    { signal, label }: { readonly signal?: AbortSignal; readonly label?: string } = {},
  ): Promise<void> {
    await pushArtifact(`${this.#registry}/${this.#repository}:${this.#tag(kind, key)}`, {
      artifactType: TYPES[kind],
      layers: [{ bytes, mediaType: TYPES[kind] }],
      ...(label === undefined ? {} : { annotations: { "org.opencontainers.image.title": label } }),
    }, { client: this.#client, signal });
  }

  /** Closes the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  #tag(kind: BlobKind, key: string): string {
    return `${this.#prefix}${kind}-${requireKey(key)}`;
  }
}
