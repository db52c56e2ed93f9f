/**
 * A URL as it may be printed: without the user and the password in it.
 *
 * @param url A URL, or another way to write where a repository is.
 * @returns The same without what stands between the scheme and the `@` of its host.
 */
export function shownUrl(url: string): string {
  return url.replace(/^([\w+.-]+:\/\/)[^/]*@/, "$1");
}
