import { composeFinal, type FinalDockerfile } from "./compose_final.ts";
import type { RecordedPlan } from "./recording_runner.ts";

/**
 * Writes the Dockerfile of what was recorded in a directory.
 *
 * @param directory What `CARGOGREEN_RECORD_DIR_` named while cargo ran.
 * @param options Whether each stage says what it is, and whether what no program needs is in it too.
 * @returns The file and the names of its programs.
 * @throws {TypeError} when no program is among it.
 */
export async function finalOf(
  directory: string,
  options: { readonly comments?: boolean; readonly everything?: boolean } = {},
): Promise<FinalDockerfile> {
  return await composeFinal({
    plans: readRecords(directory).map(({ record }) => record),
    content: (digest) => Deno.readFileSync(`${directory}/content/${digest}`),
    ...options,
  });
}

/** What was recorded in a directory, by name. */
export function readRecords(
  directory: string,
): { readonly record: RecordedPlan; readonly writtenMs: number }[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort()
    .filter((name) => name.endsWith(".json"))
    .map((name) => {
      const path = `${directory}/${name}`;
      const writtenMs = Deno.statSync(path).mtime?.getTime() ?? 0;
      return { record: JSON.parse(Deno.readTextFileSync(path)), writtenMs };
    });
}
