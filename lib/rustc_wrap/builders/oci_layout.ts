import { untar } from "../../engine/tar/mod.ts";
import { runningDigest, sha256Digest } from "../../registry/digest.ts";
import { InfrastructureError } from "../errors.ts";

/** An image in a directory, as the Open Container Initiative has it: for builders with no engine. */
export interface OciImage {
  /** The directory. */
  readonly directory: string;
  /** Digest of its manifest. */
  readonly digest: string;
}

/** What an image of one layer is made of. */
export interface OneLayer {
  /** Its files, as an uncompressed archive. */
  readonly archive: ReadableStream<Uint8Array>;
  /** `ENV NAME=VALUE` and `LABEL NAME=VALUE`, as the engine takes them. */
  readonly changes: readonly string[];
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const OCI = "application/vnd.oci.image";

/**
 * Writes an image of one layer into a directory.
 *
 * @param directory A directory that is not there yet.
 * @param name The name of the image in it.
 * @param image Its files and variables.
 * @returns The image.
 */
export async function writeOciImage(
  directory: string,
  name: string,
  { archive, changes }: OneLayer,
): Promise<OciImage> {
  await Deno.mkdir(`${directory}/blobs/sha256`, { recursive: true });
  const layer = await writeBlob(directory, archive, `${OCI}.layer.v1.tar`);
  const pairs = (word: string) =>
    changes.filter((line) => line.startsWith(`${word} `)).map((line) =>
      line.slice(word.length + 1)
    );
  const labels = pairs("LABEL").map((pair) => [
    pair.slice(0, pair.indexOf("=")),
    pair.slice(pair.indexOf("=") + 1),
  ]);
  const config = {
    architecture: Deno.build.arch === "aarch64" ? "arm64" : "amd64",
    os: "linux",
    config: { Env: pairs("ENV"), Labels: Object.fromEntries(labels) },
    rootfs: { type: "layers", diff_ids: [layer.digest] },
    // Buildah wants one for each layer.
    history: [{ created_by: "rustcbuildx" }],
  };
  return await finish(directory, name, JSON.stringify(config), [layer]);
}

/**
 * Writes an image that an engine has saved into a directory.
 *
 * @param directory A directory that is not there yet.
 * @param name The name of the image in it.
 * @param saved What the engine gave.
 * @returns The image.
 * @throws {InfrastructureError} when that is no image.
 */
export async function writeSavedImage(
  directory: string,
  name: string,
  saved: ReadableStream<Uint8Array>,
): Promise<OciImage> {
  await Deno.mkdir(`${directory}/blobs/sha256`, { recursive: true });
  const blobs = new Map<string, Descriptor>();
  const links = new Map<string, string>();
  for await (const entry of untar(saved)) {
    if (entry.kind === "symlink") links.set(entry.path, resolved(entry.path, entry.target));
    if (entry.kind !== "file") continue;
    blobs.set(entry.path, await writeBlob(directory, entry.content, `${OCI}.layer.v1.tar`));
  }
  const textOf = async (path: string) => {
    const blob = blobs.get(path);
    return blob && await Deno.readTextFile(blobPath(directory, blob.digest));
  };
  const [manifest] = JSON.parse(await textOf("manifest.json") ?? "[]");
  const config = await textOf(manifest?.Config);
  const layers = (manifest?.Layers as string[] | undefined)?.map((path) =>
    blobs.get(links.get(path) ?? path)
  );
  if (config === undefined || layers === undefined || layers.includes(undefined)) {
    throw new InfrastructureError({
      action: `take the image ${name} from the engine`,
      reason: "what it saved is no image",
    });
  }
  return await finish(directory, name, config, layers as Descriptor[]);
}

/** A layer that an earlier image has too is a link to it: `../ID/layer.tar`. */
function resolved(path: string, target: string): string {
  const parts = path.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

async function finish(
  directory: string,
  name: string,
  config: string,
  layers: readonly Descriptor[],
): Promise<OciImage> {
  const manifest = await writeText(
    directory,
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${OCI}.manifest.v1+json`,
      config: await writeText(directory, config, `${OCI}.config.v1+json`),
      layers,
    }),
    `${OCI}.manifest.v1+json`,
  );
  const annotations = { "org.opencontainers.image.ref.name": name };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  await Deno.writeTextFile(`${directory}/index.json`, JSON.stringify(index));
  await Deno.writeTextFile(`${directory}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
  return { directory, digest: manifest.digest };
}

async function writeText(
  directory: string,
  text: string,
  mediaType: string,
): Promise<Descriptor> {
  const bytes = new TextEncoder().encode(text);
  const digest = await sha256Digest(bytes);
  await Deno.writeFile(blobPath(directory, digest), bytes);
  return { mediaType, digest, size: bytes.length };
}

async function writeBlob(
  directory: string,
  content: ReadableStream<Uint8Array>,
  mediaType: string,
): Promise<Descriptor> {
  const running = await runningDigest();
  const temporary = `${directory}/blobs/${crypto.randomUUID()}`;
  let size = 0;
  const counted = content.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(part, controller) {
        running.update(part);
        size += part.length;
        controller.enqueue(part);
      },
    }),
  );
  await Deno.writeFile(temporary, counted);
  const digest = running.digest();
  await Deno.rename(temporary, blobPath(directory, digest));
  return { mediaType, digest, size };
}

function blobPath(directory: string, digest: string): string {
  return `${directory}/blobs/${digest.replace(":", "/")}`;
}
