/**
 * Forces what was written to the disk, and closes the file. It is closed on failure too.
 *
 * @param file An open file.
 * @throws {Error} when the system could not store what was written.
 */
export async function closeFile(file: Deno.FsFile): Promise<void> {
  try {
    await file.sync();
  } catch (error) {
    // Terminals, pipes and /dev/null have no disk to be forced to.
    if ((error as { code?: unknown }).code !== "EINVAL") throw error;
  } finally {
    file.close();
  }
}
