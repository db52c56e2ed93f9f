/** `--output-files`: each input file's result in a file of its name. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { YttError } from "../lib/ytt/workspace/error.ts";
import type { OutputFormat, RenderedFile } from "../lib/ytt/workspace/render.ts";

/** Writes the files; a name that leads out of `directory` is refused. */
export async function writeOutputFiles(
  files: readonly RenderedFile[],
  directory: string,
  options: {
    readonly empty: boolean;
    readonly format: OutputFormat;
    readonly log: (text: string) => void;
  },
): Promise<void> {
  if (options.empty) {
    if (["", "/", ".", ".."].includes(directory.replace(/(?<=.)\/+$/, ""))) {
      throw new YttError(`Expected output directory '${directory}' to be a directory of its own`);
    }
    await rm(directory, { recursive: true, force: true });
  }
  for (const file of files) {
    const path = join(directory, file.path);
    if (file.path.split("/").includes("..") || file.path.startsWith("/")) {
      throw new YttError(`Expected output file '${file.path}' to be inside the output directory`);
    }
    options.log(`creating: ${path}\n`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file.text(options.format));
  }
}
