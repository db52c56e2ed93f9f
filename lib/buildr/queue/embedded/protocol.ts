import type { AgentHeartbeat, BuildEvent, ControlMessage } from "../events.ts";
import type { BuildJob } from "../job.ts";

/** Path at the coordinator where agents connect with a WebSocket. */
export const AGENTS_PATH = "/api/v1/agents/connect";

/** Subprotocol of that WebSocket. */
export const SUBPROTOCOL = "buildr.v1";

/** What an agent sends; each with a number is answered by `ack` with that number. */
export type AgentMessage =
  | {
    readonly type: "hello";
    readonly agent: string;
    readonly slots: number;
    readonly tags: readonly string[];
  }
  /** It takes no more builds. */
  | { readonly type: "drain" }
  | { readonly type: "heartbeat"; readonly beat: AgentHeartbeat }
  | { readonly type: "event"; readonly n: number; readonly event: BuildEvent }
  | { readonly type: "done"; readonly n: number; readonly lease: string }
  | {
    readonly type: "requeue";
    readonly n: number;
    readonly lease: string;
    readonly sameAttempt: boolean;
  }
  | {
    readonly type: "bury";
    readonly n: number;
    readonly lease: string;
    readonly reason: string;
    readonly lastLines: readonly string[];
  };

/** What the coordinator sends. */
export type CoordinatorMessage =
  | {
    readonly type: "job";
    readonly job: BuildJob;
    readonly attempt: number;
    readonly lease: string;
  }
  | { readonly type: "control"; readonly message: ControlMessage }
  /** `problem` says why it was not done. */
  | { readonly type: "ack"; readonly n: number; readonly problem?: string }
  /** Answer to a heartbeat. */
  | { readonly type: "alive" };

/** Subprotocols that a client names: the protocol, and the token where there is one. */
export function subprotocols(token: string | undefined): string[] {
  if (token === undefined) return [SUBPROTOCOL];
  const bytes = new TextEncoder().encode(token);
  const word = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  return [SUBPROTOCOL, `bearer.${word}`];
}

/**
 * The token that a client has named.
 *
 * @param header `Sec-WebSocket-Protocol` of its request.
 * @returns The token; `undefined` without one.
 */
export function tokenOf(header: string | null): string | undefined {
  for (const word of (header ?? "").split(",")) {
    const encoded = /^bearer\.([\w-]+)$/.exec(word.trim())?.[1];
    if (encoded === undefined) continue;
    try {
      return new TextDecoder().decode(Uint8Array.fromBase64(encoded, { alphabet: "base64url" }));
    } catch {
      return undefined;
    }
  }
  return undefined;
}
