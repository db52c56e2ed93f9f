import { encodeProto } from "./_protobuf.ts";
import { callGrpc } from "./session/_grpc_client.ts";
import type { Http2Client } from "./session/_http2_client.ts";

/** What BuildKit is to do. */
export interface Solve {
  /** The message `pb.Definition`. */
  readonly definition: Uint8Array;
  /** The session that takes the result. */
  readonly session: string;
  /** What the definition needs the daemon's leave for, for example `network.host`. */
  readonly entitlements: readonly string[];
  /** Takes each message of progress. */
  readonly onStatus: (message: Uint8Array) => void;
}

/** Progress that comes later than this after its build is not waited for. */
const LATE_MS = 1000;

/**
 * Has a definition carried out by BuildKit, whose result goes to the session as an archive
 * (https://github.com/moby/buildkit/blob/v0.8.3/api/services/control/control.proto).
 *
 * @param client A connection to BuildKit's own API.
 * @param solve What is to be done.
 * @throws {GrpcError} when it cannot be done.
 */
export async function solve(client: Http2Client, solve: Solve): Promise<void> {
  const ref = crypto.randomUUID();
  const request = encodeProto([
    [1, ref],
    [2, solve.definition],
    [3, "tar"],
    [5, solve.session],
    ...solve.entitlements.map((name) => [9, name] as const),
  ]);
  const control = "/moby.buildkit.v1.Control";
  const solved = Array.fromAsync(callGrpc(client, `${control}/Solve`, request));
  const told = watch(
    callGrpc(client, `${control}/Status`, encodeProto([[1, ref]])),
    solve.onStatus,
  );
  told.catch(() => {}); // thrown below, or of no interest any more
  try {
    // Whoever takes the progress may end the build.
    await Promise.race([solved, told.then(() => solved)]);
  } finally {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, LATE_MS));
    await Promise.race([told.catch(() => {}), late]);
    clearTimeout(timer);
  }
}

async function watch(
  messages: AsyncGenerator<Uint8Array>,
  onStatus: (message: Uint8Array) => void,
): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const message of messages) {
      try {
        onStatus(message);
      } catch (error) {
        failure = { error };
        break;
      }
    }
  } catch {
    // The build itself says what is wrong with it.
  }
  if (failure !== undefined) throw failure.error;
}
