import { Diagnostics, SourceText } from "../../diagnostics/mod.ts";
import { BuildrInputError } from "../input_error.ts";
import type { LoadManifestOptions, Manifest } from "./model.ts";
import { findManifest } from "./find.ts";
import { readManifest } from "./read_manifest.ts";

/**
 * Finds the manifest of a project, reads it and checks everything.
 *
 * Permissions: `--allow-read` of the directory.
 *
 * @param options Where it is looked for.
 * @returns The manifest; what is doubtful is in its `warnings`.
 * @throws {DiagnosticsError} with every mistake at once, located.
 * @throws {BuildrInputError} when there is no manifest.
 * @example
 * ```ts no-eval
 * import { loadManifest } from "@superorch/superorch/buildr";
 *
 * const { stages } = await loadManifest({ path: "my-project" });
 * console.log(stages.map(({ name }) => name));
 * ```
 */
export async function loadManifest(options: LoadManifestOptions = {}): Promise<Manifest> {
  const diagnostics = new Diagnostics();
  const found = await findManifest(options);
  const source = new SourceText(
    found.shown,
    await readText(found.path, found.shown, options.signal),
  );
  for (const other of found.others) {
    const range = { start: 0, end: 0 };
    const message = `"${other}" is here too, and is not read`;
    diagnostics.warning(source, range, message, { code: "second-manifest" });
  }
  const manifest = await readManifest(source, found, diagnostics);
  const isBearable = manifest !== undefined && options.allowUndeclaredSecrets === true &&
    diagnostics.errors.every(({ code }) => code === "undeclared-secret");
  if (!isBearable) diagnostics.throwIfErrors(`Cannot use "${found.shown}"`);
  return manifest!;
}

async function readText(path: string, shown: string, signal?: AbortSignal): Promise<string> {
  try {
    const bytes = await Deno.readFile(path, { signal });
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    signal?.throwIfAborted();
    const reason = error instanceof Deno.errors.PermissionDenied
      ? "it is not allowed"
      : error instanceof TypeError
      ? "it is not UTF-8"
      : error instanceof Error
      ? error.message
      : String(error);
    throw new BuildrInputError(`Cannot read "${shown}": ${reason}`, { cause: error });
  }
}
