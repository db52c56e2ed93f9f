import type { Artifact } from "../model.ts";

/** What a builder has written into a directory. */
export interface ResultDirectory {
  /** The files of the unit. */
  readonly files: readonly Artifact[];
  /** What the next compilation of it can use. */
  readonly state: readonly Artifact[];
  /** What was printed, and the exit code, by name. */
  readonly printed: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

const NOTHING = new Uint8Array(0);

/** Reads the last stage of a plan from a directory. */
export async function readResultDirectory(directory: string): Promise<ResultDirectory> {
  const printed = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { name, isFile } of Deno.readDirSync(directory)) {
    if (isFile) printed.set(name, await Deno.readFile(`${directory}/${name}`));
  }
  const walk = async (part: string, files: Artifact[] = [], below = ""): Promise<Artifact[]> => {
    for (const { name } of Deno.readDirSync(`${directory}/${part}/${below}`)) {
      const path = `${below}${name}`;
      const place = `${directory}/${part}/${path}`;
      const info = Deno.lstatSync(place);
      const mode = (info.mode ?? 0o644) & 0o7777;
      if (info.isSymlink) {
        files.push({ path, mode: 0o777, content: NOTHING, target: Deno.readLinkSync(place) });
      } else if (info.isDirectory) {
        files.push({ path: `${path}/`, mode, content: NOTHING });
        await walk(part, files, `${path}/`);
      } else files.push({ path, mode, content: await Deno.readFile(place) });
    }
    return files;
  };
  const [files, state] = await Promise.all(
    ["files", "state"].map((part) => isDirectory(`${directory}/${part}`) ? walk(part) : []),
  );
  return { files: files!, state: state!, printed };
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
