import { runProgram } from "../support/cli.ts";

/** Files of a crate by path, with a `Cargo.toml` among them. */
export type CrateFiles = Readonly<Record<string, string>>;

/**
 * Writes a registry that cargo reads without network, and unpacks into its home as it does with
 * crates.io: `[source.crates-io] replace-with`, `[source.NAME] local-registry`.
 *
 * @param directory Where; it is made.
 * @param crates By `NAME-VERSION`.
 */
export async function writeRegistry(
  directory: string,
  crates: Readonly<Record<string, CrateFiles>>,
): Promise<void> {
  for (const [id, files] of Object.entries(crates)) {
    const at = id.lastIndexOf("-");
    const name = id.slice(0, at);
    const work = `${directory}/.work/${id}`;
    for (const [path, text] of Object.entries(files)) {
      const place = `${work}/${path}`;
      await Deno.mkdir(place.slice(0, place.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(place, text);
    }
    const archive = `${directory}/${id}.crate`;
    const packed = await runProgram("tar", ["-czf", archive, "-C", `${directory}/.work`, id]);
    if (packed.code !== 0) throw new Error(packed.stderr);
    const bytes = await Deno.readFile(archive);
    const cksum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    const index = `${directory}/index/${prefixOf(name)}`;
    await Deno.mkdir(index, { recursive: true });
    const vers = id.slice(at + 1);
    const line = { name, vers, deps: [], cksum, features: {}, yanked: false };
    await Deno.writeTextFile(`${index}/${name}`, `${JSON.stringify(line)}\n`);
  }
  await Deno.remove(`${directory}/.work`, { recursive: true });
}

/** Lines of cargo's configuration that take crates.io from there. */
export function useRegistry(directory: string): string {
  return `[source.crates-io]\nreplace-with = "local"\n[source.local]\nlocal-registry = "${directory}"\n`;
}

/** The same of a directory with sources. */
export function useDirectory(directory: string): string {
  return `[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "${directory}"\n`;
}

/** Where an index has a crate. */
function prefixOf(name: string): string {
  if (name.length < 4) return name.length < 3 ? `${name.length}` : `3/${name[0]}`;
  return `${name.slice(0, 2)}/${name.slice(2, 4)}`;
}
