import { type DebianFiles, debianFiles } from "./debian_packages.ts";
import { privateEngineProblem } from "./private_engine.ts";

/**
 * A root directory with the dockerd of Debian 13 (26.1, API 1.45), for `startPrivateEngine`. Made
 * once in the cache directory, about seven seconds.
 *
 * @returns The root, or why the test must be skipped.
 */
export async function debian13Root(): Promise<DebianFiles> {
  const problem = await privateEngineProblem();
  if (problem !== undefined) return { skip: problem };
  const files = await debianFiles({
    suite: "trixie",
    packages: ["docker.io", "iptables", "ca-certificates"],
  });
  if (files.root !== undefined) {
    // Unpacked only, so the choice between the two kinds of iptables has not been made.
    for (const name of ["iptables", "ip6tables"]) {
      await Deno.symlink(`${name}-nft`, `${files.root}/usr/sbin/${name}`).catch((error) => {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      });
    }
  }
  return files;
}
