import { BlobApi, type RegistryCallOptions } from "./blob_api.ts";
import { type CredentialResolver, dockerCredentials } from "./credentials.ts";
import { RegistryConnectionError } from "./errors.ts";
import { isLoopback } from "./_http.ts";
import { type Descriptor, ManifestApi } from "./manifest_api.ts";
import { readPages } from "./_pages.ts";
import { DEFAULT_REGISTRY, requireRegistry, requireRepository } from "./reference.ts";
import { addReferrer, readReferrers } from "./_referrers.ts";
import { Requests } from "./_requests.ts";

/** How a registry is spoken to. */
export interface RegistryClientOptions {
  /** What opens it; asked only when the registry wants a login. Default: what `docker login` left. */
  readonly credentials?: CredentialResolver;
  /** Speak without TLS. Default: only with this machine itself (`localhost`, `127.0.0.0/8`, `::1`). */
  readonly plainHttp?: boolean;
  /** Certificates of further authorities, PEM. */
  readonly caCerts?: readonly string[];
  /**
   * How often a call is made again after an answer of 429 or 500 and above, or a connection that
   * failed; pauses begin at 250 ms and double, or are what the registry asks for. Default 4.
   */
  readonly retries?: number;
  /** How long there may be no sign of life before a call is given up. Default 60 s. */
  readonly stallTimeoutMs?: number;
}

/** How a list is read. */
export interface ListOptions extends RegistryCallOptions {
  /** How many entries each request asks for. Default: what the registry likes. */
  readonly pageSize?: number;
}

/** Docker Hub's registry has another name than its images. */
const HUB_HOST = "registry-1.docker.io";

/**
 * A client of one registry, as the OCI distribution specification has it: blobs, manifests, tags.
 *
 * Nothing is sent before the first call. Where the registry wants a login, one is made for each
 * scope and kept as long as it is good; passwords go to the registry and its token server only, and
 * not without TLS where the registry has it. Calls may run side by side.
 *
 * Permissions: `--allow-net` of the registry and of where it leads (token server, store of blobs);
 * for a login that of {@linkcode dockerCredentials}.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 *
 * @example
 * ```ts no-eval
 * import { RegistryClient } from "@superorch/superorch/registry";
 *
 * await using client = new RegistryClient("127.0.0.1:5000");
 * const { digest } = await client.blobs.put("shop/data", { path: "data.tar" });
 * console.log(await client.blobs.exists("shop/data", digest)); // true
 * for await (const tag of client.tags("shop/data")) console.log(tag);
 * ```
 */
export class RegistryClient implements AsyncDisposable {
  /** As names of images have it, for example `docker.io` or `127.0.0.1:5000`. */
  readonly registry: string;
  /** Bytes that are named by their digest. */
  readonly blobs: BlobApi;
  /** What tags lead to. */
  readonly manifests: ManifestApi;
  readonly #requests: Requests;

  /**
   * Sends nothing yet.
   *
   * @param registry Host, with a port where it has another.
   * @param options How it is spoken to.
   * @throws {TypeError} when it is not a host.
   * @throws {RangeError} when a number is out of its range.
   */
  constructor(registry: string, options: RegistryClientOptions = {}) {
    this.registry = requireRegistry(registry);
    const { retries = 4, stallTimeoutMs = 60_000 } = options;
    if (!Number.isInteger(retries) || retries < 0) {
      throw new RangeError(`Cannot retry ${retries} times: it must be a whole number, 0 or more`);
    }
    if (!(stallTimeoutMs > 0 && stallTimeoutMs < 2 ** 31)) {
      throw new RangeError(
        `Cannot wait for ${stallTimeoutMs} ms: it must be over 0, and below 2^31`,
      );
    }
    const host = registry === DEFAULT_REGISTRY ? HUB_HOST : registry;
    const url = new URL(`https://${host}`);
    const plainHttp = options.plainHttp ?? isLoopback(url.hostname);
    this.#requests = new Requests({
      registry,
      baseUrl: plainHttp ? new URL(`http://${host}`) : url,
      credentials: options.credentials ?? dockerCredentials(),
      retries,
      stallTimeoutMs,
      caCerts: options.caCerts ?? [],
    });
    this.blobs = new BlobApi(this.#requests);
    this.manifests = new ManifestApi(this.#requests);
  }

  /**
   * Asks whether a registry is there and lets us in.
   *
   * @param options Signal.
   * @throws {RegistryUnauthorizedError} when it wants other credentials.
   * @throws {RegistryConnectionError} when nothing is there, or no registry.
   */
  async ping(options: RegistryCallOptions = {}): Promise<void> {
    const action = `use ${this.registry} as a registry`;
    const { headers } = await this.#requests.exchange({
      action,
      method: "GET",
      url: "",
      scopes: [],
      expect: [200],
      signal: options.signal,
    });
    if (/\bhtml\b/.test(headers.get("content-type") ?? "")) {
      const url = this.#requests.urlOf("").href;
      throw new RegistryConnectionError({ action, url, reason: "what answers is a web page" });
    }
  }

  /**
   * Lists the tags of a repository, page by page as they are read.
   *
   * @param repository Path in the registry.
   * @param options Page size; signal.
   * @returns Tags, in the registry's order.
   * @throws {RegistryNotFoundError} when there is no such repository.
   */
  async *tags(repository: string, options: ListOptions = {}): AsyncGenerator<string> {
    requireRepository(repository);
    yield* this.#list("tags", {
      action: `list the tags of ${this.registry}/${repository}`,
      path: `${repository}/tags/list`,
      scope: `repository:${repository}:pull`,
    }, options);
  }

  /**
   * Lists the repositories. Many public registries do not tell.
   *
   * @param options Page size; signal.
   * @returns Paths, in the registry's order.
   * @throws {RegistryError} when the registry does not tell.
   */
  async *catalog(options: ListOptions = {}): AsyncGenerator<string> {
    yield* this.#list("repositories", {
      action: `list the repositories of ${this.registry}`,
      path: "_catalog",
      scope: "registry:catalog:*",
    }, options);
  }

  /**
   * Lists the manifests that refer to another, such as signatures and notes.
   *
   * @param repository Path in the registry.
   * @param digest The other one's.
   * @param options Only those of one artifact type; signal.
   * @returns What names them; from the tag that stands for the list where the registry keeps none.
   * @throws {RegistryError} when the registry refuses.
   */
  referrers(
    repository: string,
    digest: string,
    options: RegistryCallOptions & { readonly artifactType?: string } = {},
  ): Promise<readonly Descriptor[]> {
    return readReferrers(this.#requests, this.manifests, repository, digest, options);
  }

  /**
   * Lists a manifest as one that refers to another, in a registry that does not do so by itself
   * (`listsSubject` of `manifests.put()` is false). Two at once may lose one.
   *
   * @param repository Path in the registry.
   * @param subject The other one's digest.
   * @param referrer What names the manifest.
   * @param options Signal.
   */
  async addReferrer(
    repository: string,
    subject: string,
    referrer: Descriptor,
    options: RegistryCallOptions = {},
  ): Promise<void> {
    await addReferrer(this.manifests, repository, subject, referrer, options.signal);
  }

  /** Closes the connections. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#requests[Symbol.dispose]();
    return Promise.resolve();
  }

  async *#list(
    field: string,
    what: { readonly action: string; readonly path: string; readonly scope: string },
    { pageSize, signal }: ListOptions,
  ): AsyncGenerator<string> {
    if (pageSize !== undefined && !(Number.isInteger(pageSize) && pageSize > 0)) {
      throw new RangeError(`Cannot ask for ${pageSize} at a time: it must be 1 or more`);
    }
    const { action, path, scope } = what;
    const url = pageSize === undefined ? path : `${path}?n=${pageSize}`;
    for await (
      const entry of readPages(this.#requests, { action, url, scopes: [scope], signal }, field)
    ) if (typeof entry === "string") yield entry;
  }
}
