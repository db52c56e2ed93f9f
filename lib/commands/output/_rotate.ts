const COPY_BYTES = 256 * 1024;

/**
 * Cuts an open file down to its newest bytes, in place, and leaves the position at its end.
 *
 * The bytes are moved to the front before the file is shortened, so a crash in between loses
 * nothing, and the file never grows. In place and not by renaming, so that `tail -f` goes on.
 *
 * @param file Open for reading and writing.
 * @param size Its size.
 * @param keep How many bytes to keep.
 * @returns The new size.
 */
export async function keepNewest(file: Deno.FsFile, size: number, keep: number): Promise<number> {
  const length = Math.min(size, keep);
  const block = new Uint8Array(Math.min(COPY_BYTES, length));
  let copied = 0;
  while (copied < length) {
    await file.seek(size - length + copied, Deno.SeekMode.Start);
    const wanted = block.subarray(0, Math.min(block.length, length - copied));
    const count = await file.read(wanted);
    if (count === null) break; // somebody else has shortened the file
    await file.seek(copied, Deno.SeekMode.Start);
    for (let done = 0; done < count;) done += await file.write(wanted.subarray(done, count));
    copied += count;
  }
  await file.truncate(copied);
  await file.seek(copied, Deno.SeekMode.Start);
  return copied;
}

/**
 * Renames `name` to `name.1`, `name.1` to `name.2` and so on; the oldest one is replaced.
 *
 * @param path The file.
 * @param generations How many old files are kept, at least one.
 */
export async function shiftGenerations(path: string, generations: number): Promise<void> {
  for (let generation = generations; generation >= 1; generation--) {
    const from = generation === 1 ? path : `${path}.${generation - 1}`;
    try {
      await Deno.rename(from, `${path}.${generation}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // not that many files yet
    }
  }
}
