/** The profile that is there without being written anywhere. */
export const GLOBAL_PROFILE = "global";

/**
 * What makes results good for others, wherever they build: paths that are the same for everybody,
 * nothing of the network in a result, and nothing private sent. A table `profile.global` in a file,
 * or a variable, counts over it; plain settings of files do not.
 */
export const GLOBAL_VALUES: Readonly<Record<string, unknown>> = {
  "remap": true,
  "with-network": "none",
  "build-scripts": "sandbox",
  "share": ["registry"],
};

/**
 * Says what is wrong with an image for a global cache: what a tag stands for is another image on
 * another machine, or tomorrow.
 *
 * @param image As in `FROM`; empty for none.
 * @returns The reason; `undefined` where nothing is wrong.
 */
export function globalImageMistake(image: string): string | undefined {
  if (image === "" || /@sha256:[0-9a-f]{64}$/.test(image)) return undefined;
  return `with the profile ${GLOBAL_PROFILE}, an image must be named by its digest: NAME@sha256:…`;
}
