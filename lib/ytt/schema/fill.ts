/** Adds what the data values leave out: defaults inside array items and nullable maps. */
import type { Document } from "../yaml/nodes.ts";
import { filled, type Schema } from "./schema.ts";

/** Changes the document in place. */
export function fillDefaults(document: Document, schema: Schema): void {
  document.value = filled(document.value, schema.type);
}
