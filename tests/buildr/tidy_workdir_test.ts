import assert from "node:assert/strict";
import { tidyWorkdir } from "../../lib/buildr/agent/tidy_workdir.ts";

const DAY_MS = 24 * 3600_000;

Deno.test("an agent keeps artifacts for a week, and removes checkouts that killed agents left", async () => {
  const directory = await Deno.makeTempDir({ prefix: "superorch-buildr-" });
  try {
    await tidyWorkdir(directory); // there is nothing yet
    for (
      const path of ["artifacts/new", "artifacts/old", "builds/runs", "builds/left", "mirrors/old"]
    ) {
      await Deno.mkdir(`${directory}/${path}/deep`, { recursive: true });
      await Deno.writeTextFile(`${directory}/${path}/deep/file`, "x");
    }
    const now = Date.now();
    const age = (path: string, days: number) => {
      const time = new Date(now - days * DAY_MS);
      return Deno.utime(`${directory}/${path}`, time, time);
    };
    await age("artifacts/new", 6);
    await age("artifacts/old", 7.1);
    await age("builds/runs", 7.1);
    await age("builds/left", 8.1);
    await age("mirrors/old", 100);
    await tidyWorkdir(directory, now);
    const left = ["artifacts", "builds", "mirrors"].flatMap((name) =>
      [...Deno.readDirSync(`${directory}/${name}`)].map((entry) => `${name}/${entry.name}`)
    );
    assert.deepEqual(left, ["artifacts/new", "builds/runs", "mirrors/old"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
