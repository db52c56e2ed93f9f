import manifest from "../deno.json" with { type: "json" };

/**
 * The version of superorch, from the package file that also publishes it. The import costs under
 * 1 ms and holds in a checkout, from a URL, in the bundle and in a compiled binary.
 */
export const VERSION: string = manifest.version;
