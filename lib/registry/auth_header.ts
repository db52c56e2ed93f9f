import type { RegistryCredential } from "./credentials.ts";

/**
 * Makes the value of the `X-Registry-Auth` header.
 *
 * Base64 of the URL alphabet with padding: the engine takes anything else, in silence, for no
 * credentials at all.
 *
 * @param credential What opens the registry; `undefined` for none, which a push must say as well.
 * @returns The header's value.
 */
export function registryAuthHeader(credential: RegistryCredential | undefined): string {
  return encode(credential ?? {});
}

/**
 * Makes the value of the `X-Registry-Config` header, for a build that pulls.
 *
 * @param credentials By server address.
 * @returns The header's value.
 */
export function registryConfigHeader(
  credentials: Readonly<Record<string, RegistryCredential>>,
): string {
  return encode(credentials);
}

function encode(value: object): string {
  return new TextEncoder().encode(JSON.stringify(value)).toBase64({ alphabet: "base64url" });
}
