import type { Descriptor } from "./manifest_api.ts";

/** Whether what a registry sent names a blob or a manifest. */
export function isDescriptor(value: unknown): value is Descriptor {
  if (typeof value !== "object" || value === null) return false;
  const { mediaType, digest, size, annotations } = value as Record<string, unknown>;
  return typeof mediaType === "string" && typeof digest === "string" &&
    Number.isSafeInteger(size) && (size as number) >= 0 &&
    (annotations === undefined || typeof annotations === "object");
}
