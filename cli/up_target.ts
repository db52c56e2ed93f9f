import { loadNetworkModule, type UpTarget } from "../lib/compose/mod.ts";
import { asUsageErrors, type ComposeFlags, loadProject } from "./compose.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads what `up FILE` and `down FILE` are about: a compose file, or a module that describes a
 * network.
 *
 * @param file As the user wrote it; without it compose files are looked for.
 * @param flags Those of compose files.
 * @param output Takes warnings.
 * @param more `services` are enabled although none of their profiles is active.
 * @returns The project or network.
 * @throws {UsageError} with every mistake, located; the exit code is 2.
 */
export async function loadTarget(
  file: string | undefined,
  flags: ComposeFlags,
  output: Output,
  more: { readonly services?: readonly string[]; readonly signal?: AbortSignal } = {},
): Promise<UpTarget> {
  if (file === undefined) return await loadProject(flags, output, more);
  if (!/\.[mc]?[jt]sx?$/.test(file)) {
    await requireFile(file);
    return await loadProject({ ...flags, file: [file, ...flags.file ?? []] }, output, more);
  }
  const foreign = [
    ["-f", flags.file],
    ["--profile", flags.profile],
    ["--env-file", flags.envFile],
    ["--project-directory", flags.projectDirectory],
    ["--leave-out-unsupported", flags.leaveOutUnsupported],
  ].filter(([, value]) => value !== undefined).map(([name]) => name);
  if (foreign.length > 0) {
    throw new UsageError(`Cannot use ${foreign.join(" and ")} with the module "${file}"`);
  }
  const { signal } = more;
  const { projectName } = flags;
  return await asUsageErrors(output, () => loadNetworkModule(file, { projectName, signal }));
}

// Compose takes names of services here, and many people will write them out of habit.
async function requireFile(file: string): Promise<void> {
  const info = file === "-" ? undefined : await Deno.stat(file).catch(() => null);
  if (info === undefined || info?.isFile || info?.isFifo || info?.isCharDevice) return;
  const isName = /^[\w.-]+$/.test(file) && info === null;
  throw new UsageError(
    `Cannot read "${file}": ${info === null ? "there is no such file" : "it is a directory"}` +
      (isName ? `; services are chosen with --only ${file}` : ""),
  );
}
