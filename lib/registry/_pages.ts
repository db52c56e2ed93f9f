import { parseJson } from "./_answer.ts";
import { RegistryConnectionError } from "./errors.ts";
import { shownUrl } from "./_http.ts";
import type { RegistryRequest, Requests } from "./_requests.ts";

/**
 * Reads a list that comes in pages.
 *
 * @param field What the list is called in the answers.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 */
export async function* readPages(
  requests: Requests,
  request: Omit<RegistryRequest, "method">,
  field: string,
): AsyncGenerator<unknown> {
  const { action } = request;
  const seen = new Set<string>();
  let url: URL | undefined = requests.urlOf(request.url);
  while (url !== undefined) {
    seen.add(url.href);
    const { headers, body } = await requests.exchange({ ...request, method: "GET", url });
    const answer = parseJson(action, url, body) as Readonly<Record<string, unknown>> | null;
    const list = answer?.[field];
    // A repository whose last tag is gone says null.
    if (Array.isArray(list)) yield* list;
    const next: URL | undefined = nextPage(requests, headers.get("link"), url);
    if (next !== undefined && (seen.has(next.href) || next.origin !== url.origin)) {
      const reason = `its next page is ${next.origin}${next.pathname}, which is no next page`;
      throw new RegistryConnectionError({ action, url: shownUrl(url), reason });
    }
    url = next;
  }
}

function nextPage(requests: Requests, link: string | null, from: URL): URL | undefined {
  const next = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(link ?? "")?.[1];
  const url = next === undefined ? null : URL.parse(next, from);
  return url === null ? undefined : requests.urlOf(url);
}
