import { stackErr } from "../errors/mod.ts";
import { splitPath } from "./_path.ts";

/** Creates the directory that a file is to be in, and those above it. */
export async function makeParents(path: string): Promise<void> {
  const { directory } = splitPath(path);
  await stackErr(
    Deno.mkdir(directory, { recursive: true }),
    `Cannot create the directory ${JSON.stringify(directory)}`,
    { location: false },
  );
}
