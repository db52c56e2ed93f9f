import { parseJson } from "./_answer.ts";
import type { RegistryCallOptions } from "./blob_api.ts";
import { requireDigest } from "./digest.ts";
import { type Descriptor, type ManifestApi, OCI_INDEX } from "./manifest_api.ts";
import { isDescriptor } from "./_descriptor.ts";
import { RegistryNotFoundError } from "./errors.ts";
import { requireRepository } from "./reference.ts";
import type { Requests } from "./_requests.ts";

/**
 * Reads what refers to a manifest: from the registry's own list, and where it keeps none from the
 * tag that stands for it.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
 */
export async function readReferrers(
  requests: Requests,
  manifests: ManifestApi,
  repository: string,
  digest: string,
  options: RegistryCallOptions & { readonly artifactType?: string },
): Promise<readonly Descriptor[]> {
  requireRepository(repository);
  requireDigest(digest);
  const { artifactType, signal } = options;
  const action = `read what refers to ${digest} of ${requests.options.registry}/${repository}`;
  const query = artifactType === undefined ? "" : `?${new URLSearchParams({ artifactType })}`;
  const url = `${repository}/referrers/${digest}${query}`;
  const answer = await requests.exchange({
    action,
    method: "GET",
    url,
    scopes: [`repository:${repository}:pull`],
    headers: { accept: OCI_INDEX },
    expect: [200, 404],
    signal,
  });
  const index = answer.status === 200
    ? parseJson(action, requests.urlOf(url), answer.body)
    : await readTag(manifests, repository, digest, signal);
  const all = manifestsOf(index);
  return artifactType === undefined
    ? all
    : all.filter((descriptor) => descriptor.artifactType === artifactType);
}

/** Adds a manifest to the tag that stands for the list, for a registry that keeps none. */
export async function addReferrer(
  manifests: ManifestApi,
  repository: string,
  subject: string,
  referrer: Descriptor,
  signal: AbortSignal | undefined,
): Promise<void> {
  const listed = manifestsOf(await readTag(manifests, repository, subject, signal));
  if (listed.some(({ digest }) => digest === referrer.digest)) return;
  const content = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...listed, referrer] };
  const manifest = { mediaType: OCI_INDEX, content };
  await manifests.put(repository, tagFor(subject), manifest, { signal });
}

async function readTag(
  manifests: ManifestApi,
  repository: string,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  try {
    const options = { accept: [OCI_INDEX], signal };
    return (await manifests.get(repository, tagFor(digest), options)).json;
  } catch (error) {
    if (error instanceof RegistryNotFoundError) return undefined;
    throw error;
  }
}

function tagFor(digest: string): string {
  return digest.replace(":", "-");
}

function manifestsOf(index: unknown): readonly Descriptor[] {
  const list = (index as { readonly manifests?: unknown } | null | undefined)?.manifests;
  return Array.isArray(list) ? list.filter(isDescriptor) : [];
}
