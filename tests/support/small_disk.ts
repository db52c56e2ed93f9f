/** A file system of its own that is soon full. */
export interface SmallDisk extends AsyncDisposable {
  /** Where it is mounted. */
  readonly path: string;
}

/**
 * Mounts a small disk in memory.
 *
 * @param kibibytes Its size.
 * @returns The disk, which is taken away with everything on it.
 * @throws {Error} when this process may not mount.
 */
export async function smallDisk(kibibytes: number): Promise<SmallDisk> {
  const path = await Deno.makeTempDir();
  const { success, stderr } = await run(
    "mount",
    "-t",
    "tmpfs",
    "-o",
    `size=${kibibytes}k`,
    "none",
    path,
  );
  if (!success) {
    await Deno.remove(path);
    throw new Error(new TextDecoder().decode(stderr).trim());
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      await run("umount", path);
      await Deno.remove(path, { recursive: true });
    },
  };
}

/**
 * Tells why there is no small disk to be had here; being root is not enough, as in a container.
 *
 * @returns The reason; `undefined` when there is one.
 */
export async function whyNoSmallDisk(): Promise<string | undefined> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) {
    return "only root of Linux can mount a small disk";
  }
  try {
    await using _disk = await smallDisk(16);
    return undefined;
  } catch {
    return "this root may not mount a small disk";
  }
}

async function run(program: string, ...args: string[]): Promise<Deno.CommandOutput> {
  return await new Deno.Command(program, { args, stdin: "null" }).output();
}
