/** An image's name, taken apart; nothing is left to be guessed. */
export interface ImageReference {
  /** Host and port of the registry; `docker.io` where none was given. */
  readonly registry: string;
  /** Path in the registry; `library/…` for Docker Hub's own images. */
  readonly repository: string;
  /** Tag; absent where none was given. */
  readonly tag?: string;
  /** Digest such as `sha256:…`; absent where none was given. */
  readonly digest?: string;
}

/** The registry of names without a host. */
export const DEFAULT_REGISTRY = "docker.io";
const MAX_REPOSITORY_CHARACTERS = 255;

const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d+)?$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/**
 * Reads an image's name by the rules of the docker command.
 *
 * The first part is a host when it has a dot or a colon, is `localhost`, or has a capital letter;
 * everything else is a path on Docker Hub.
 *
 * @param text `[host[:port]/]path[:tag][@digest]`.
 * @returns Its parts.
 * @throws {TypeError} when it is not a name; says which part is wrong.
 * @see https://pkg.go.dev/github.com/distribution/reference
 *
 * @example
 * ```ts
 * import { parseReference } from "@superorch/superorch/registry";
 *
 * const { registry, repository, tag } = parseReference("postgres:16");
 * console.log(registry, repository, tag); // docker.io library/postgres 16
 * ```
 */
export function parseReference(text: string): ImageReference {
  const fail = (problem: string) =>
    new TypeError(`Cannot use image name ${JSON.stringify(text)}: ${problem}`);
  if (text === "") throw fail("it is empty");
  const at = text.indexOf("@");
  const digest = at === -1 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !DIGEST.test(digest)) {
    throw fail(`${JSON.stringify(digest)} is not a digest such as "sha256:…"`);
  }
  let name = at === -1 ? text : text.slice(0, at);
  let tag: string | undefined;
  const colon = name.lastIndexOf(":");
  // A colon before the last slash belongs to the registry's port.
  if (colon > name.lastIndexOf("/")) {
    tag = name.slice(colon + 1);
    name = name.slice(0, colon);
    if (!TAG.test(tag)) {
      throw fail(
        `tag ${JSON.stringify(tag)} must be 1 to 128 letters, digits, "_", "." and "-", ` +
          `and must not start with "." or "-"`,
      );
    }
  }
  const { registry, repository } = splitHost(name);
  if (!HOST.test(registry)) throw fail(`${JSON.stringify(registry)} is not a host`);
  if (!REPOSITORY.test(repository)) {
    throw fail(
      `${JSON.stringify(repository)} must be small letters and digits, with "/" between parts ` +
        `and ".", "_", "__" or "-" within them`,
    );
  }
  if (registry.length + repository.length + 1 > MAX_REPOSITORY_CHARACTERS) {
    throw fail(`it has more than ${MAX_REPOSITORY_CHARACTERS} characters`);
  }
  if (/^[0-9a-f]{64}$/.test(name)) throw fail("64 hexadecimal digits are an id, not a name");
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/**
 * Writes a name in full.
 *
 * @param reference Its parts.
 * @returns For example `docker.io/library/postgres:16`.
 */
export function formatReference(reference: ImageReference): string {
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}` + (tag === undefined ? "" : `:${tag}`) +
    (digest === undefined ? "" : `@${digest}`);
}

/**
 * Refuses what is not the host of a registry.
 *
 * @param registry What the caller gave.
 * @returns It.
 * @throws {TypeError} when it is anything but a host, with or without a port.
 */
export function requireRegistry(registry: string): string {
  if (HOST.test(registry)) return registry;
  throw new TypeError(
    `Cannot use registry ${JSON.stringify(registry)}: it must be a host such as "localhost:5000"`,
  );
}

/**
 * Refuses what is not the path of a repository.
 *
 * @param repository What the caller gave.
 * @returns It.
 * @throws {TypeError} when it is anything else: it would lead to another call.
 */
export function requireRepository(repository: string): string {
  if (REPOSITORY.test(repository) && repository.length <= MAX_REPOSITORY_CHARACTERS) {
    return repository;
  }
  throw new TypeError(
    `Cannot use repository ${JSON.stringify(repository)}: it must be small letters and digits, ` +
      `with "/" between parts and ".", "_", "__" or "-" within them`,
  );
}

/**
 * Refuses what names no manifest.
 *
 * @param reference A tag or a digest.
 * @returns It.
 * @throws {TypeError} when it is neither.
 */
export function requireTagOrDigest(reference: string): string {
  if (TAG.test(reference) || DIGEST.test(reference)) return reference;
  throw new TypeError(
    `Cannot use ${JSON.stringify(reference)} as tag: it must be 1 to 128 letters, digits, "_", ` +
      `"." and "-", and must not start with "." or "-", or be a digest such as "sha256:…"`,
  );
}

function splitHost(name: string): { readonly registry: string; readonly repository: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = slash !== -1 &&
    (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const registry = isHost
    ? first.replace(/^index\.docker\.io$/, DEFAULT_REGISTRY)
    : DEFAULT_REGISTRY;
  const repository = isHost ? name.slice(slash + 1) : name;
  return registry === DEFAULT_REGISTRY && !repository.includes("/")
    ? { registry, repository: `library/${repository}` }
    : { registry, repository };
}
