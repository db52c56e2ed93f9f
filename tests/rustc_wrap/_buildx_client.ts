import { type DebianFiles, debianFiles } from "../support/debian_packages.ts";

/** Where docker's client of this machine's own packages is. */
const DOCKER = "/usr/bin/docker";

/** Buildx of Debian 13, whose program also works with older clients; or why there is none. */
export async function buildxFiles(): Promise<DebianFiles> {
  const found = await Deno.stat(DOCKER).then(() => true, () => false);
  if (!found) return { skip: `${DOCKER} is not there` };
  return await debianFiles({ suite: "trixie", packages: ["docker-buildx"] });
}

/** A `docker` with buildx. */
export interface BuildxClient {
  /** Variables for it. */
  readonly env: Readonly<Record<string, string>>;
  /** What it was called with, a line each. */
  calls(): Promise<string[]>;
}

/**
 * Writes a program `docker` into `DIRECTORY/bin` that writes down its words, and a configuration of
 * its own with buildx in it.
 */
export async function writeBuildxClient(files: string, directory: string): Promise<BuildxClient> {
  const config = `${directory}/docker`;
  await Deno.mkdir(`${config}/cli-plugins`, { recursive: true });
  await Deno.mkdir(`${directory}/bin`, { recursive: true });
  await Deno.symlink(
    `${files}/usr/libexec/docker/cli-plugins/docker-buildx`,
    `${config}/cli-plugins/docker-buildx`,
  );
  await Deno.writeTextFile(
    `${directory}/bin/docker`,
    `#!/bin/sh\necho "$@" >>'${directory}/calls'\nexec ${DOCKER} "$@"\n`,
    { mode: 0o755 },
  );
  return {
    env: {
      DOCKER_CONFIG: config,
      RUSTCBUILDX_RUNNER: "buildx",
      PATH: `${directory}/bin:${Deno.env.get("PATH")}`,
    },
    calls: async () =>
      (await Deno.readTextFile(`${directory}/calls`).catch(() => "")).trim().split("\n"),
  };
}
