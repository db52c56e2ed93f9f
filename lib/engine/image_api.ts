import type { EngineCall, EngineClient } from "./client.ts";
import type { CallOptions } from "./container_api.ts";
import { engineApiError, ImageNotFoundError } from "./errors.ts";
import type { ImageInspect, ImageLayer, ImageSummary, ProgressLine, PruneReport } from "./types.ts";
import { parseReference, registryAuthHeader, registryConfigHeader } from "../registry/mod.ts";
import { prune } from "./_prune.ts";
import { filtersJson, type LabelFilter } from "./_filters.ts";
import { imageSegments } from "./_segment.ts";

/** What a call with progress may take. */
export interface ProgressOptions extends CallOptions {
  /** Takes each line of progress. */
  readonly onProgress?: (line: ProgressLine) => void;
}

/** How an image is built from a context, in the API's own terms. */
export interface ImageBuildQuery {
  /** Name and tag of the result. */
  readonly t?: string;
  /** Path of the Dockerfile in the context. */
  readonly dockerfile?: string;
  /** Build arguments. */
  readonly buildargs?: Readonly<Record<string, string>>;
  /** Labels of the result. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Stage to build. */
  readonly target?: string;
  /** For example `linux/amd64`. */
  readonly platform?: string;
  /** Whether nothing cached is used. */
  readonly nocache?: boolean;
  /** Whether base images are pulled even when they are there. */
  readonly pull?: boolean;
  /** `none`, `host` or the name of a network for RUN steps. */
  readonly networkmode?: string;
}

/** Calls about images. */
export class ImageApi {
  readonly #engine: EngineClient;

  /** Part of an {@linkcode EngineClient}. */
  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  /**
   * Everything about one image.
   *
   * @throws {ImageNotFoundError} when it is not on the engine.
   */
  inspect(name: string, options: CallOptions = {}): Promise<ImageInspect> {
    return this.#engine.json({
      method: "GET",
      path: `/images/${imageSegments(name)}/json`,
      signal: options.signal,
    });
  }

  /** The same, or `undefined` when it is not on the engine. */
  async find(name: string, options: CallOptions = {}): Promise<ImageInspect | undefined> {
    try {
      return await this.inspect(name, options);
    } catch (error) {
      if (error instanceof ImageNotFoundError) return undefined;
      throw error;
    }
  }

  /** Lists images, those with all of the labels. */
  list(
    options: CallOptions & {
      readonly labels?: LabelFilter;
      readonly filters?: Readonly<Record<string, readonly string[]>>;
    } = {},
  ): Promise<readonly ImageSummary[]> {
    return this.#engine.json({
      method: "GET",
      path: "/images/json",
      query: { filters: filtersJson(options.labels, options.filters) },
      signal: options.signal,
    });
  }

  /**
   * Pulls an image from its registry.
   *
   * @param reference `[host/]name[:tag|@digest]`; without a tag `latest`.
   * @param registryAuth Value of the `X-Registry-Auth` header. Default: made of what the client's
   * `credentials` know of the registry.
   * @throws {ImageNotFoundError} when the registry does not have it.
   * @throws {RegistryAuthError} when the registry wants other credentials.
   */
  async pull(
    reference: string,
    options: ProgressOptions & { readonly platform?: string; readonly registryAuth?: string } = {},
  ): Promise<void> {
    const { name, tag } = splitReference(reference);
    const auth = options.registryAuth ?? await this.#auth(reference, options.signal);
    await this.#progress({
      method: "POST",
      path: "/images/create",
      query: { fromImage: name, tag, platform: options.platform },
      subject: reference,
      headers: auth === undefined ? undefined : { "X-Registry-Auth": auth },
    }, options);
  }

  /**
   * Pushes an image to its registry.
   *
   * @param reference `host/name[:tag]`; without a tag `latest`.
   * @param registryAuth Value of the `X-Registry-Auth` header. Default as with `pull`.
   * @returns The digest of the pushed manifest, `sha256:…`.
   * @throws {ImageNotFoundError} when the image is not on the engine.
   * @throws {RegistryAuthError} when the registry wants other credentials.
   */
  async push(
    reference: string,
    options: ProgressOptions & { readonly registryAuth?: string } = {},
  ): Promise<string> {
    const { name, tag } = splitReference(reference);
    let digest: string | undefined;
    await this.#progress({
      method: "POST",
      path: `/images/${imageSegments(name)}/push`,
      query: { tag },
      subject: reference,
      headers: {
        // The engine refuses a push without the header, also where nothing has to be shown.
        "X-Registry-Auth": options.registryAuth ??
          await this.#auth(reference, options.signal) ?? registryAuthHeader(undefined),
      },
    }, {
      signal: options.signal,
      onProgress: (line) => {
        const aux = line.aux as { Digest?: unknown } | undefined;
        if (typeof aux?.Digest === "string") digest = aux.Digest;
        // Podman tells it in words.
        digest ??= /\bdigest: (sha256:[0-9a-f]{64})/.exec(line.status ?? "")?.[1];
        options.onProgress?.(line);
      },
    });
    if (digest !== undefined) return digest;
    throw engineApiError({
      method: "POST",
      path: `/images/${imageSegments(name)}/push`,
      status: 200,
      reason: "the push ended without a digest",
      subject: reference,
    });
  }

  /**
   * Reads images as one tar stream, for {@linkcode ImageApi.load}.
   *
   * @param names References or ids; at least one.
   * @throws {ImageNotFoundError} when one is not there.
   */
  async save(
    names: readonly string[],
    options: CallOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    if (names.length === 0) throw new TypeError("Cannot save images: none is named");
    const response = await this.#engine.request({
      method: "GET",
      path: "/images/get",
      query: { names },
      subject: names.join(" "),
      signal: options.signal,
    });
    return response.body ?? new Blob().stream();
  }

  /**
   * Takes the images of a tar stream that {@linkcode ImageApi.save} made.
   *
   * @returns References, and ids of images without one.
   */
  async load(tar: ReadableStream<Uint8Array>, options: ProgressOptions = {}): Promise<string[]> {
    const loaded: string[] = [];
    await this.#progress({
      method: "POST",
      path: "/images/load",
      query: { quiet: true },
      headers: { "content-type": "application/x-tar" },
      body: tar,
    }, {
      signal: options.signal,
      onProgress: (line) => {
        const name = /^Loaded image(?:\(s\))?(?: ID)?: (.+?)\s*$/.exec(line.stream ?? "")?.[1];
        if (name !== undefined) loaded.push(...name.split(/,\s*/));
        options.onProgress?.(line);
      },
    });
    return loaded;
  }

  /**
   * Removes images that no container uses.
   *
   * @param labels Only those that have all of these.
   * @param dangling Whether only images without a name. Default `true`.
   */
  prune(
    options: CallOptions & { readonly labels?: LabelFilter; readonly dangling?: boolean } = {},
  ): Promise<PruneReport> {
    return prune(this.#engine, "images", options, {
      dangling: [String(options.dangling ?? true)],
    });
  }

  /** The layers of an image, the newest first. */
  history(name: string, options: CallOptions = {}): Promise<readonly ImageLayer[]> {
    return this.#engine.json({
      method: "GET",
      path: `/images/${imageSegments(name)}/history`,
      signal: options.signal,
    });
  }

  /**
   * Makes an image from the files of a tar stream.
   *
   * @param reference Name and tag of the result.
   * @param tar The root file system.
   * @param changes Dockerfile lines such as `CMD ["sh"]`; `CMD`, `ENV`, `ENTRYPOINT`, `EXPOSE`,
   * `LABEL`, `USER`, `VOLUME` and `WORKDIR` work.
   * @returns The id of the image, `sha256:…`.
   */
  async import(
    reference: string,
    tar: ReadableStream<Uint8Array>,
    options: ProgressOptions & { readonly changes?: readonly string[] } = {},
  ): Promise<string> {
    const { name, tag } = splitReference(reference);
    let id: string | undefined;
    await this.#progress({
      method: "POST",
      path: "/images/create",
      query: { fromSrc: "-", repo: name, tag, changes: options.changes },
      headers: { "content-type": "application/x-tar" },
      body: tar,
      subject: reference,
    }, {
      signal: options.signal,
      onProgress: (line) => {
        if (line.status?.startsWith("sha256:")) id = line.status;
        options.onProgress?.(line);
      },
    });
    if (id === undefined) {
      throw engineApiError({
        method: "POST",
        path: "/images/create",
        status: 200,
        reason: "the import ended without an image",
        subject: reference,
      });
    }
    // Podman 4.3 takes no notice of the tag.
    try {
      await this.inspect(reference, options);
    } catch (error) {
      if (!(error instanceof ImageNotFoundError)) throw error;
      await this.tag(id, reference, options);
    }
    return id;
  }

  /**
   * Builds an image with the classic builder.
   *
   * @param context A tar stream with the Dockerfile and the files that it copies.
   * @param query How to build.
   * @param registryConfig Value of the `X-Registry-Config` header. Default: made of all that the
   * client's `credentials` know.
   * @returns The id of the result, `sha256:…`.
   * @throws {EngineApiError} with status 200 when a step fails; `reason` is the daemon's text.
   */
  async build(
    context: ReadableStream<Uint8Array>,
    query: ImageBuildQuery,
    options: ProgressOptions & { readonly registryConfig?: string } = {},
  ): Promise<string> {
    let id: string | undefined;
    const { buildargs, labels, ...rest } = query;
    const registryConfig = options.registryConfig ??
      registryConfigHeader(await this.#engine.credentials.all({ signal: options.signal }));
    await this.#progress({
      method: "POST",
      path: "/build",
      query: {
        ...rest,
        buildargs: buildargs === undefined ? undefined : JSON.stringify(buildargs),
        labels: labels === undefined ? undefined : JSON.stringify(labels),
        // A failed step leaves its container behind otherwise.
        rm: true,
        forcerm: true,
      },
      headers: {
        "content-type": "application/x-tar",
        "X-Registry-Config": registryConfig,
      },
      body: context,
      subject: query.t,
    }, {
      signal: options.signal,
      onProgress: (line) => {
        const aux = line.aux as { ID?: unknown } | undefined;
        if (typeof aux?.ID === "string") id = aux.ID;
        options.onProgress?.(line);
      },
    });
    if (id === undefined) {
      throw engineApiError({
        method: "POST",
        path: "/build",
        status: 200,
        reason: "the build ended without an image",
        subject: query.t,
      });
    }
    return id;
  }

  /** Gives an image another name. */
  async tag(name: string, reference: string, options: CallOptions = {}): Promise<void> {
    const { name: repo, tag } = splitReference(reference);
    await this.#engine.status({
      method: "POST",
      path: `/images/${imageSegments(name)}/tag`,
      query: { repo, tag },
      subject: reference,
      signal: options.signal,
    });
  }

  /**
   * Removes a name of an image, and the image with its last name.
   *
   * @returns `false` when it was gone already.
   * @throws {ResourceInUseError} when a container uses it.
   */
  async remove(
    name: string,
    options: CallOptions & { readonly force?: boolean; readonly noPrune?: boolean } = {},
  ): Promise<boolean> {
    const status = await this.#engine.status({
      method: "DELETE",
      path: `/images/${imageSegments(name)}`,
      query: { force: options.force, noprune: options.noPrune },
      accept: [404],
      signal: options.signal,
    });
    return status !== 404;
  }

  async #auth(reference: string, signal?: AbortSignal): Promise<string | undefined> {
    const { registry } = parseReference(reference);
    const credential = await this.#engine.credentials.get(registry, { signal });
    return credential === undefined ? undefined : registryAuthHeader(credential);
  }

  async #progress(
    call: EngineCall,
    options: ProgressOptions,
  ): Promise<void> {
    const lines = await this.#engine.jsonLines<ProgressLine>({ ...call, signal: options.signal });
    for await (const line of lines) {
      options.onProgress?.(line);
      // The status was sent before the work began, so a failure can only come as a line.
      const reason = line.errorDetail?.message ?? line.error;
      if (reason !== undefined) {
        throw engineApiError({
          method: call.method,
          path: call.path,
          status: 200,
          reason: reason.trim(),
          subject: call.subject,
        });
      }
    }
  }
}

/**
 * Splits a reference where the engine wants name and tag apart.
 *
 * @param reference `[host[:port]/]name[:tag]` or `…@sha256:…`.
 * @returns The name, and the tag or digest; `latest` where there is none.
 */
export function splitReference(reference: string): { readonly name: string; readonly tag: string } {
  const at = reference.indexOf("@");
  if (at !== -1) return { name: reference.slice(0, at), tag: reference.slice(at + 1) };
  const colon = reference.lastIndexOf(":");
  // A colon before the last slash belongs to the registry's port.
  if (colon > reference.lastIndexOf("/")) {
    return { name: reference.slice(0, colon), tag: reference.slice(colon + 1) };
  }
  return { name: reference, tag: "latest" };
}
