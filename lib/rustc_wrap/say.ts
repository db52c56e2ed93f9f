import { writeAll } from "./replay.ts";

/**
 * Tells the user something that is not about the code. Cargo keeps what a compiler prints and says it
 * again on each later build, also when nothing is compiled and no wrapper is used: so it goes to
 * cargo's own error output, where that is a terminal, a pipe,
 * or a file that is appended to.
 *
 * @param text One line.
 * @param parentPid The process of cargo.
 * @param stderr Ours, for all other cases.
 */
export function sayToUser(
  text: string,
  parentPid: number,
  stderr: { writeSync(bytes: Uint8Array): number },
): void {
  const line = new TextEncoder().encode(`${text}\n`);
  try {
    const path = `/proc/${parentPid}/fd/2`;
    const { isFifo, isCharDevice, isFile } = Deno.statSync(path);
    // Cargo would write over our line in a file that it does not append to.
    const append = isFile && appends(`/proc/${parentPid}/fdinfo/2`);
    if (isFifo || isCharDevice || append) {
      using file = Deno.openSync(path, { write: true, append });
      // The line of progress, which cargo draws again.
      if (isCharDevice) writeAll(file, new TextEncoder().encode("\r\x1b[K"));
      writeAll(file, line);
      return;
    }
  } catch {
    // another system, or a process of somebody else
  }
  writeAll(stderr, line);
}

function appends(info: string): boolean {
  const flags = /^flags:\s*(\d+)$/m.exec(Deno.readTextFileSync(info))?.[1] ?? "0";
  return (Number.parseInt(flags, 8) & O_APPEND) !== 0;
}

/** The same on all processors that Deno runs on. */
const O_APPEND = 0o2000;
