/**
 * Registries: names taken apart, the credentials that `docker login` keeps (in files or with a
 * credential helper), and a client for blobs, manifests, tags and artifacts.
 *
 * Images are pulled and pushed by the engine, with `engine.images`; the client is for everything
 * else that is kept in a registry. It makes no images and unpacks none.
 *
 * Permissions: none for names; `--allow-net` of the registry for its client; for credentials `--allow-env=DOCKER_AUTH_CONFIG,DOCKER_CONFIG,HOME`,
 * `--allow-read` of the docker configuration and `--allow-run=docker-credential-NAME`.
 *
 * @example
 * ```ts
 * import { formatReference, parseReference } from "@superorch/superorch/registry";
 *
 * const reference = parseReference("localhost:5000/shop/app:1.2");
 * console.log(reference.registry, formatReference({ ...reference, tag: "1.3" }));
 * // localhost:5000 localhost:5000/shop/app:1.3
 * ```
 *
 * @module
 */

export {
  DEFAULT_REGISTRY,
  formatReference,
  type ImageReference,
  parseReference,
} from "./reference.ts";
export {
  type CredentialResolver,
  dockerCredentials,
  type DockerCredentialsOptions,
  type RegistryCredential,
} from "./credentials.ts";
export {
  CredentialHelper,
  CredentialHelperError,
  type CredentialHelperOptions,
  type HelperSecret,
} from "./credential_helper.ts";
export { registryAuthHeader, registryConfigHeader } from "./auth_header.ts";
export { type ListOptions, RegistryClient, type RegistryClientOptions } from "./client.ts";
export {
  BlobApi,
  type BlobGetOptions,
  type BlobPutOptions,
  type BlobSaveOptions,
  type BlobSource,
  type PutBlob,
  type RegistryCallOptions,
} from "./blob_api.ts";
export {
  type Descriptor,
  ManifestApi,
  type ManifestContent,
  type ManifestGetOptions,
  OCI_INDEX,
  OCI_MANIFEST,
  type RegistryManifest,
} from "./manifest_api.ts";
export {
  type Artifact,
  type ArtifactLayer,
  pushArtifact,
  type PushArtifactOptions,
  type PushedArtifact,
  TITLE,
} from "./artifact.ts";
export {
  pullArtifact,
  type PullArtifactOptions,
  type PulledArtifact,
  type PulledLayer,
} from "./pull_artifact.ts";
export { sha256Digest } from "./digest.ts";
export {
  DigestMismatchError,
  RegistryConnectionError,
  RegistryError,
  type RegistryErrorFields,
  RegistryForbiddenError,
  RegistryNotFoundError,
  RegistryServerError,
  RegistryTooManyRequestsError,
  RegistryUnauthorizedError,
} from "./errors.ts";
