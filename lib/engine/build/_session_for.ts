import type { EngineClient } from "../client.ts";
import { BuildSession } from "./session/build_session.ts";
import type { GrpcMethods } from "./session/grpc.ts";
import {
  authService,
  type CredentialsResolver,
  healthService,
  secretsService,
} from "./session/services.ts";

/** Opens a session with what a build needs of it. */
export function openSession(engine: EngineClient, options: {
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  readonly credentials: CredentialsResolver | undefined;
  readonly methods?: GrpcMethods;
  readonly sharedKey?: string;
  readonly signal: AbortSignal | undefined;
}): Promise<BuildSession> {
  const { secrets, credentials, methods, sharedKey, signal } = options;
  return BuildSession.open(engine, {
    methods: {
      ...healthService(),
      ...(secrets.size === 0 ? {} : secretsService((id) => Promise.resolve(secrets.get(id)))),
      ...(credentials === undefined ? {} : authService(credentials)),
      ...methods,
    },
    sharedKey,
    signal,
  });
}
