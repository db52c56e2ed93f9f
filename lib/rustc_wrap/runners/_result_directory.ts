import type { Artifact } from "../model.ts";

/** What a builder has written into a directory. */
export interface ResultDirectory {
  /** The files of the unit. */
  readonly files: readonly Artifact[];
  /** What was printed, and the exit code, by name. */
  readonly printed: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

const NOTHING = new Uint8Array(0);

/** Reads the last stage of a plan from a directory. */
export async function readResultDirectory(directory: string): Promise<ResultDirectory> {
  const printed = new Map<string, Uint8Array<ArrayBuffer>>();
  const files: Artifact[] = [];
  for (const { name, isFile } of Deno.readDirSync(directory)) {
    if (isFile) printed.set(name, await Deno.readFile(`${directory}/${name}`));
  }
  const walk = async (below: string): Promise<void> => {
    for (const { name } of Deno.readDirSync(`${directory}/files/${below}`)) {
      const path = `${below}${name}`;
      const place = `${directory}/files/${path}`;
      const info = Deno.lstatSync(place);
      const mode = (info.mode ?? 0o644) & 0o7777;
      if (info.isSymlink) {
        files.push({ path, mode: 0o777, content: NOTHING, target: Deno.readLinkSync(place) });
      } else if (info.isDirectory) {
        files.push({ path: `${path}/`, mode, content: NOTHING });
        await walk(`${path}/`);
      } else files.push({ path, mode, content: await Deno.readFile(place) });
    }
  };
  if (printed.has("code")) await walk("");
  return { files, printed };
}
