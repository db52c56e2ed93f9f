import { composeFinal, type FinalDockerfile } from "./compose_final.ts";
import type { RecordedPlan } from "./recording_runner.ts";

/**
 * Writes the Dockerfile of what was recorded in a directory.
 *
 * @param directory What `CARGOGREEN_RECORD_DIR_` named while cargo ran.
 * @returns The file and the names of its programs.
 * @throws {TypeError} when no program is among it.
 */
export async function finalOf(directory: string): Promise<FinalDockerfile> {
  const plans: RecordedPlan[] = [];
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
  for (const name of names) {
    if (name.endsWith(".json")) {
      plans.push(JSON.parse(Deno.readTextFileSync(`${directory}/${name}`)));
    }
  }
  return await composeFinal({
    plans,
    content: (digest) => Deno.readFileSync(`${directory}/content/${digest}`),
  });
}
