import { parseJson, type RegistryAnswer } from "./_answer.ts";
import type { RegistryCallOptions } from "./blob_api.ts";
import { sha256Digest } from "./digest.ts";
import { DigestMismatchError } from "./errors.ts";
import { requireRepository, requireTagOrDigest } from "./reference.ts";
import type { Requests } from "./_requests.ts";

/** What names a blob or a manifest, as the OCI image specification has it. */
export interface Descriptor {
  /** What it is. */
  readonly mediaType: string;
  /** `sha256:…`. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** Notes. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** What it is for, of manifests of artifacts. */
  readonly artifactType?: string;
}

/** A manifest, as it came. */
export interface RegistryManifest extends Descriptor {
  /** Its bytes, which its digest is of. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same, read. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** How a manifest is read. */
export interface ManifestGetOptions extends RegistryCallOptions {
  /** Media types that will do, the best first. Default: those of images, lists and artifacts. */
  readonly accept?: readonly string[];
}

/** A manifest that is sent. */
export interface ManifestContent {
  /** What it is. */
  readonly mediaType: string;
  /** Its bytes, or what is written as JSON. */
  readonly content: Uint8Array | object;
}

/** Media types of the OCI image specification. */
export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** A list of manifests. */
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";

const ACCEPT = [
  OCI_MANIFEST,
  OCI_INDEX,
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** The manifests of a registry: what its tags lead to. */
export class ManifestApi {
  readonly #requests: Requests;

  /** Is made by `RegistryClient`. */
  constructor(requests: Requests) {
    this.#requests = requests;
  }

  /**
   * Reads a manifest.
   *
   * @param repository Path in the registry.
   * @param reference Tag or digest.
   * @param options What will do; signal.
   * @returns It; its bytes have the digest that was asked for, or that the registry named.
   * @throws {RegistryNotFoundError} when the repository does not have it.
   * @throws {DigestMismatchError} when what came is something else.
   * @throws {RegistryConnectionError} when what came is no JSON.
   */
  async get(
    repository: string,
    reference: string,
    options: ManifestGetOptions = {},
  ): Promise<RegistryManifest> {
    const action = this.#action("read", repository, reference);
    const url = manifestPath(repository, reference);
    const answer = await this.#requests.exchange({
      action,
      method: "GET",
      url,
      scopes: [`repository:${repository}:pull`],
      headers: { accept: (options.accept ?? ACCEPT).join(", ") },
      expect: [200],
      signal: options.signal,
    });
    const bytes = answer.body;
    const digest = await sha256Digest(bytes);
    const expected = expectedDigest(reference, answer);
    if (expected !== undefined && expected !== digest) {
      throw new DigestMismatchError({ action, expected, actual: digest });
    }
    const json = requireObject(parseJson(action, this.#requests.urlOf(url), bytes), action);
    const artifactType = json["artifactType"];
    return {
      mediaType: mediaTypeOf(answer, json),
      digest,
      size: bytes.length,
      ...(typeof artifactType === "string" ? { artifactType } : {}),
      bytes,
      json,
    };
  }

  /**
   * Looks for a manifest.
   *
   * @param repository Path in the registry.
   * @param reference Tag or digest.
   * @param options What will do; signal.
   * @returns What names it, `undefined` when the repository does not have it.
   * @throws {RegistryError} when the registry refuses.
   */
  async head(
    repository: string,
    reference: string,
    options: ManifestGetOptions = {},
  ): Promise<Descriptor | undefined> {
    const answer = await this.#requests.exchange({
      action: this.#action("look for", repository, reference),
      method: "HEAD",
      url: manifestPath(repository, reference),
      scopes: [`repository:${repository}:pull`],
      headers: { accept: (options.accept ?? ACCEPT).join(", ") },
      expect: [200, 404],
      signal: options.signal,
    });
    if (answer.status === 404) return undefined;
    const digest = expectedDigest(reference, answer);
    const size = Number(answer.headers.get("content-length") ?? NaN);
    const mediaType = mediaTypeOf(answer, {});
    if (digest !== undefined && !Number.isNaN(size)) return { mediaType, digest, size };
    // Some registries tell nothing with HEAD.
    const { bytes: _, json: __, ...descriptor } = await this.get(repository, reference, options);
    return descriptor;
  }

  /**
   * Sends a manifest. What it names must be in the repository already.
   *
   * @param repository Path in the registry.
   * @param reference Tag; or the digest, for one without a tag.
   * @param manifest What it is and its content.
   * @param options Signal.
   * @returns What names it, and whether the registry lists it at what it refers to by itself.
   * @throws {RegistryError} when the registry refuses, with status 400 when a blob is missing.
   * @throws {DigestMismatchError} when the registry made something else of it.
   */
  async put(
    repository: string,
    reference: string,
    manifest: ManifestContent,
    options: RegistryCallOptions = {},
  ): Promise<Descriptor & { readonly listsSubject: boolean }> {
    const { mediaType, content } = manifest;
    const bytes = content instanceof Uint8Array
      ? content as Uint8Array<ArrayBuffer>
      : new TextEncoder().encode(JSON.stringify(content));
    const action = this.#action("send", repository, reference);
    const answer = await this.#requests.exchange({
      action,
      method: "PUT",
      url: manifestPath(repository, reference),
      scopes: [`repository:${repository}:pull,push`],
      headers: { "content-type": mediaType },
      body: bytes,
      expect: [200, 201],
      signal: options.signal,
    });
    const digest = await sha256Digest(bytes);
    const actual = answer.headers.get("docker-content-digest") ?? digest;
    if (actual !== digest) throw new DigestMismatchError({ action, expected: digest, actual });
    const listsSubject = answer.headers.has("oci-subject");
    return { mediaType, digest, size: bytes.length, listsSubject };
  }

  /**
   * Removes a manifest, or, where the registry can, a tag alone.
   *
   * @param repository Path in the registry.
   * @param reference Digest; a tag only where the registry takes one.
   * @param options Signal.
   * @throws {RegistryNotFoundError} when the repository does not have it.
   * @throws {RegistryError} with status 405 when the registry keeps everything.
   */
  async delete(
    repository: string,
    reference: string,
    options: RegistryCallOptions = {},
  ): Promise<void> {
    await this.#requests.exchange({
      action: this.#action("delete", repository, reference),
      method: "DELETE",
      url: manifestPath(repository, reference),
      scopes: [`repository:${repository}:delete`],
      signal: options.signal,
    });
  }

  #action(verb: string, repository: string, reference: string): string {
    return `${verb} manifest "${reference}" of ${this.#requests.options.registry}/${repository}`;
  }
}

function manifestPath(repository: string, reference: string): string {
  return `${requireRepository(repository)}/manifests/${requireTagOrDigest(reference)}`;
}

function expectedDigest(reference: string, { headers }: RegistryAnswer): string | undefined {
  const named = reference.includes(":") ? reference : headers.get("docker-content-digest");
  // Others than SHA-256 cannot be checked here.
  return named?.startsWith("sha256:") ? named : undefined;
}

function mediaTypeOf({ headers }: RegistryAnswer, json: Readonly<Record<string, unknown>>): string {
  const inside = json["mediaType"];
  if (typeof inside === "string") return inside;
  return headers.get("content-type")?.split(";")[0]?.trim() ?? "application/octet-stream";
}

function requireObject(value: unknown, action: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new TypeError(`Cannot ${action}: it is not a JSON object`);
}
