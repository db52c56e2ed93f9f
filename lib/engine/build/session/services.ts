import { encodeProto, protoFields, protoText } from "../_protobuf.ts";
import { type GrpcCall, GrpcError, type GrpcMethods } from "./grpc.ts";

/** User name and password, or a token, for one registry. */
export interface RegistryCredentials {
  /** User name. */
  readonly username: string;
  /** Password or access token. */
  readonly secret: string;
}

/** Finds credentials for a registry host; `undefined` where there are none. */
export type CredentialsResolver = (
  host: string,
  options: { readonly signal: AbortSignal },
) => Promise<RegistryCredentials | undefined>;

/** Gives the bytes of a secret; `undefined` where there is none of that id. */
export type SecretResolver = (
  id: string,
  options: { readonly signal: AbortSignal },
) => Promise<Uint8Array | undefined>;

/**
 * Answers the daemon that we are alive. It asks every second, and fails a build of more than a
 * second that gets no answer.
 *
 * @returns The method.
 */
export function healthService(): GrpcMethods {
  return {
    "/grpc.health.v1.Health/Check": async (call) => {
      await onlyMessage(call);
      await call.send(encodeProto([[1, 1]])); // SERVING
    },
  };
}

/**
 * Gives secrets to `RUN --mount=type=secret`.
 *
 * @param resolve Finds a secret by its id.
 * @returns The method.
 */
export function secretsService(resolve: SecretResolver): GrpcMethods {
  return {
    "/moby.buildkit.secrets.v1.Secrets/GetSecret": async (call) => {
      let id = "";
      for (const [field, value] of protoFields(await onlyMessage(call))) {
        if (field === 1) id = protoText(value);
      }
      const bytes = await resolve(id, { signal: call.signal });
      // The daemon tells a secret that is not there, and may be missing, by this status.
      if (bytes === undefined) throw new GrpcError("NOT_FOUND", `no secret with id "${id}"`);
      await call.send(encodeProto([[1, bytes]]));
    },
  };
}

/**
 * Gives credentials for pulling base images and for pushing.
 *
 * @param resolve Finds credentials by host.
 * @returns The methods.
 */
export function authService(resolve: CredentialsResolver): GrpcMethods {
  return {
    "/moby.filesync.v1.Auth/Credentials": async (call) => {
      let host = "";
      for (const [field, value] of protoFields(await onlyMessage(call))) {
        if (field === 1) host = protoText(value);
      }
      const found = await resolve(host, { signal: call.signal });
      await call.send(encodeProto([[1, found?.username], [2, found?.secret]]));
    },
  };
}

/**
 * Takes a file that the build sends back, for example the tar of a stage.
 *
 * @param take Gets the pieces in order; what it returns is awaited, so it can hold the sender up.
 * @param ended Called when the whole file has come.
 * @returns The method.
 */
export function fileSendService(
  take: (piece: Uint8Array, signal: AbortSignal) => Promise<void> | void,
  ended: () => void,
): GrpcMethods {
  return {
    "/moby.filesync.v1.FileSend/DiffCopy": async (call) => {
      for await (const message of call.messages) {
        for (const [field, value] of protoFields(message)) {
          if (field === 1 && typeof value !== "number") await take(value, call.signal);
        }
      }
      ended();
    },
  };
}

async function onlyMessage(call: GrpcCall): Promise<Uint8Array> {
  for await (const message of call.messages) return message.slice();
  // A message in which every field has its default is empty, and may not come at all.
  return new Uint8Array(0);
}
