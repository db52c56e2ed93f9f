import { type TarEntry, tarStream } from "../../engine/tar/mod.ts";

/** A shell is not given longer words than 128 kB. */
const CHUNK = 96_000;

/**
 * Writes files as steps of a Dockerfile that make them in `/s`: a compressed archive in letters, so
 * that the file needs neither a context nor what newer builders know.
 *
 * @param entries The files.
 * @returns Lines; equal files give equal lines.
 */
export async function embedFiles(entries: Iterable<TarEntry>): Promise<string[]> {
  const packed = tarStream(entries).pipeThrough(new CompressionStream("gzip"));
  const text = (await new Response(packed).bytes()).toBase64();
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += CHUNK) {
    lines.push(`RUN printf %s ${text.slice(at, at + CHUNK)} >>/s.base64`);
  }
  lines.push("RUN mkdir /s && base64 -d /s.base64 | tar -xzpf - -C /s && rm /s.base64");
  return lines;
}
