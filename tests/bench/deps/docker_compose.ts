import { debianFiles } from "../../support/debian_packages.ts";

/** How Debian's docker-compose is run, or why it cannot be. */
export type DockerCompose =
  | { readonly program: string; readonly env: Readonly<Record<string, string>> }
  | { readonly program?: undefined; readonly skip: string };

/** Finds docker-compose 1.29, or unpacks Debian's package into the cache; nothing is installed. */
export async function dockerCompose(): Promise<DockerCompose> {
  const installed = { program: "docker-compose", env: {} };
  if (await answers(installed)) return installed;
  const { root, skip } = await debianFiles({ packages: ["docker-compose"] });
  if (root === undefined) return { skip };
  const unpacked = {
    program: `${root}/usr/bin/docker-compose`,
    env: { PYTHONPATH: `${root}/usr/lib/python3/dist-packages` },
  };
  return await answers(unpacked) ? unpacked : { skip: "the unpacked package does not run" };
}

async function answers(
  { program, env }: { readonly program: string; readonly env: Readonly<Record<string, string>> },
): Promise<boolean> {
  try {
    const { success, stdout } = await new Deno.Command(program, {
      args: ["version", "--short"],
      env,
      stdin: "null",
      stderr: "null",
    }).output();
    return success && new TextDecoder().decode(stdout).startsWith("1.29.");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
