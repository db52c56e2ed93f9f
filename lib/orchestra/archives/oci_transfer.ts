import {
  type ArtifactLayer,
  parseReference,
  pullArtifact,
  pushArtifact,
  RegistryClient,
  RegistryNotFoundError,
} from "../../registry/mod.ts";
import { isMissing } from "../installed/complete_transaction.ts";
import { baseName, joinPath, parentPath } from "../_path.ts";
import { hashMaterialPath } from "./archive_path.ts";
import { writeChecksum } from "./checksum.ts";
import type { ArchiveRemote } from "./remote.ts";
import type { ArchiveTransfer } from "./transfer.ts";

/** What an archive is, as a media type. */
export const ARCHIVE_ARTIFACT_TYPE = "application/vnd.superorch.orchestra.archive.v1";
const MATERIAL_TYPE = "application/vnd.superorch.orchestra.hash-material.v1+yaml";
const PATH_NOTE = "org.superorch.orchestra.path";
/** A tag may have 128 characters. */
const NAME_LENGTH = 60;

/** Archives in one repository of an OCI registry, each under a tag of its own. */
export class OciTransfer implements ArchiveTransfer {
  readonly #reference: string;
  readonly #here: string;
  readonly #repository: string;
  readonly #client: RegistryClient;

  /**
   * Makes it.
   *
   * @param remote The remote.
   */
  constructor(remote: ArchiveRemote & { readonly kind: "oci" }) {
    this.#reference = remote.reference;
    this.#here = remote.directory;
    const { registry, repository } = parseReference(remote.reference);
    this.#repository = repository;
    this.#client = new RegistryClient(registry, remote.insecure ? { plainHttp: true } : {});
  }

  /** Whether there is a manifest under the tag of the archive. */
  async has(path: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    const tag = await archiveTag(path);
    try {
      await this.#client.manifests.get(this.#repository, tag, { signal });
      return true;
    } catch (error) {
      if (error instanceof RegistryNotFoundError) return false;
      throw error;
    }
  }

  /** Gets an archive, and its hash material; the registry's digests are its checksums. */
  async download(path: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const target = joinPath(this.#here, path);
    await Deno.mkdir(parentPath(target), { recursive: true });
    await using artifact = await pullArtifact(`${this.#reference}:${await archiveTag(path)}`, {
      client: this.#client,
      artifactType: ARCHIVE_ARTIFACT_TYPE,
      signal,
    });
    const [archive, material] = artifact.layers;
    if (archive === undefined) {
      throw new TypeError(`Cannot pull ${JSON.stringify(path)}: the artifact has no layers`);
    }
    await material?.save(hashMaterialPath(target), { signal });
    await archive.save(target, { signal });
    await writeChecksum(target, archive.digest.replace(/^sha256:/, ""));
  }

  /** Pushes an archive, and its hash material. */
  async upload(path: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const material = joinPath(this.#here, hashMaterialPath(path));
    const layers: ArtifactLayer[] = [{
      path: joinPath(this.#here, path),
      mediaType: path.endsWith(".xz")
        ? "application/x-xz"
        : path.endsWith(".gz")
        ? "application/gzip"
        : "application/x-tar",
    }];
    if (await isThere(material)) layers.push({ path: material, mediaType: MATERIAL_TYPE });
    await pushArtifact(`${this.#reference}:${await archiveTag(path)}`, {
      artifactType: ARCHIVE_ARTIFACT_TYPE,
      layers,
      annotations: { [PATH_NOTE]: path },
    }, { client: this.#client, signal });
  }

  /** Closes the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}

/**
 * The tag of an archive: readable as far as a tag can be, and unique for its path.
 *
 * @param path Relative path of the archive.
 * @returns A tag.
 */
export async function archiveTag(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(path));
  const hash = new Uint8Array(digest).toHex().slice(0, 40);
  const name = parentPath(path).split("/").slice(1).join(".").replace(/[^A-Za-z0-9._-]/g, "_");
  const short = baseName(path).replace(/^[^_]*_/, "").slice(0, 12);
  return `${name.replace(/^[.-]/, "_").slice(0, NAME_LENGTH)}-${short}-${hash}`;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
