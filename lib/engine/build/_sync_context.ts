import type { SyncedContext } from "./build_context.ts";
import { fileSyncService, type SyncEntry, type SyncLookup } from "./session/file_sync.ts";
import type { GrpcMethods } from "./session/grpc.ts";
import { cleanPath } from "./dockerignore.ts";

/**
 * Offers a context and its Dockerfile to the daemon as the two directories that it asks for.
 *
 * @param context The context.
 * @param onFailure Takes what goes wrong on this side: the daemon only hears its text.
 * @returns The method.
 */
export function syncContext(
  context: SyncedContext,
  onFailure: (error: unknown) => void,
): GrpcMethods {
  const lookUp: SyncLookup = ({ name, followPaths }) => {
    if (name === "dockerfile") return dockerfileOnly(context);
    if (name !== "context") return undefined;
    // Asked for before the context itself. It has been applied already, so there is none for the
    // daemon; with the files it is sent like any other.
    if (followPaths.length === 1 && followPaths[0] === ".dockerignore") return nothing();
    return needed(context, followPaths);
  };
  return fileSyncService(lookUp, onFailure);
}

async function* dockerfileOnly({ dockerfile }: SyncedContext): AsyncGenerator<SyncEntry> {
  const content = new TextEncoder().encode(dockerfile.text);
  const digest = new DataView(await crypto.subtle.digest("SHA-256", content));
  yield {
    entry: { kind: "file", path: dockerfile.name, content },
    sizeBytes: content.length,
    // The daemon takes a file of the same size and time for the same file: another text must have
    // another time, and nobody ever sees this one.
    mtimeMs: digest.getUint32(0) * 256 + digest.getUint8(4),
  };
}

async function* nothing(): AsyncGenerator<SyncEntry> {}

/** More than is needed does no harm, so wildcards are cut off instead of matched. */
async function* needed(
  context: SyncedContext,
  followPaths: readonly string[],
): AsyncGenerator<SyncEntry> {
  const prefixes = followPaths.map((path) => {
    const parts = cleanPath(`/${path}`).split("/").filter((part) => part !== "");
    const wild = parts.findIndex((part) => /[*?[\\]/.test(part));
    return parts.slice(0, wild === -1 ? parts.length : wild).join("/");
  });
  if (prefixes.length === 0 || prefixes.includes("")) {
    yield* context.walk();
    return;
  }
  const entries = await Array.fromAsync(context.walk());
  // A path may lead through a link to anywhere else in the context.
  const linked = entries.some(({ entry }) => entry.kind === "symlink");
  for (const walked of entries) {
    const { path } = walked.entry;
    const wanted = linked ||
      prefixes.some((prefix) =>
        path === prefix || path.startsWith(`${prefix}/`) || prefix.startsWith(`${path}/`)
      );
    if (wanted) yield walked;
  }
}
