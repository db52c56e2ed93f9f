import { concatBytes } from "../../_bytes.ts";
import { uint32 } from "./_frames.ts";
import { GRPC_STATUS, GrpcError, type GrpcStatus, readMessages } from "./grpc.ts";
import type { HeaderField } from "./_hpack.ts";
import type { Http2Client } from "./_http2_client.ts";

/**
 * Calls a method of gRPC with one message.
 *
 * @param client The connection.
 * @param path The method, for example `/moby.buildkit.v1.Control/Solve`.
 * @param message What is sent.
 * @yields {Uint8Array} Each message of the answer. Stop iterating to give the call up.
 * @throws {GrpcError} when the call ends with another status than OK.
 * @throws {Http2Error} when the connection ends before it does, or what the connection threw.
 */
export async function* callGrpc(
  client: Http2Client,
  path: string,
  message: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const fields: readonly HeaderField[] = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "localhost"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
  ];
  const framed = concatBytes([Uint8Array.of(0), uint32(message.length), message]);
  using answer = client.request(fields, framed);
  yield* readMessages(answer);
  const last = (name: string) => answer.fields.findLast((field) => field[0] === name)?.[1];
  const code = last("grpc-status");
  if (code === undefined) {
    throw new GrpcError("UNAVAILABLE", `the answer has no status of gRPC, but ${last(":status")}`);
  }
  if (code !== "0") throw new GrpcError(statusOf(code), percentDecode(last("grpc-message") ?? ""));
}

function statusOf(code: string): GrpcStatus {
  const found = Object.entries(GRPC_STATUS).find(([, number]) => String(number) === code);
  return (found?.[0] ?? "UNKNOWN") as GrpcStatus;
}

/** Bytes outside of printable ASCII come as `%XX`; a lone `%` stands for itself. */
function percentDecode(text: string): string {
  const bytes: number[] = [];
  const plain = new TextEncoder().encode(text);
  for (let at = 0; at < plain.length; at++) {
    const hex = plain[at] === 0x25 ? text.slice(at + 1, at + 3) : "";
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      bytes.push(parseInt(hex, 16));
      at += 2;
    } else bytes.push(plain[at]!);
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
