/**
 * Registries of container images: names taken apart, and the credentials that `docker login`
 * keeps, in files or with a credential helper.
 *
 * Pulling and pushing is the engine's work; this module tells it with what.
 *
 * Permissions: none for names; for credentials `--allow-env=DOCKER_AUTH_CONFIG,DOCKER_CONFIG,HOME`,
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
