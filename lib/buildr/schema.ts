import type { JsonSchema, Shape } from "./manifest/_reader.ts";
import { objectSchema } from "./manifest/_reader.ts";
import { V1_STAGE, V2_AFTER, V2_PREPARE, V2_STAGE } from "./manifest/_stage.ts";
import { topSchema } from "./manifest/_top.ts";

/**
 * The JSON Schema (draft 7) of manifests of both versions, for editors. It is made from the same
 * tables that the validator reads with, so that neither knows what the other does not.
 *
 * @returns The schema as plain data.
 * @example
 * ```ts
 * import { manifestSchema } from "@superorch/superorch/buildr";
 *
 * console.log(Object.keys(manifestSchema()).includes("$defs")); // true
 * ```
 */
export function manifestSchema(): Readonly<Record<string, unknown>> {
  const named = new Map<string, JsonSchema>();
  const closed = (schema: JsonSchema): JsonSchema => close(schema, named) as JsonSchema;
  const stage1 = closed(objectSchema(V1_STAGE));
  const stage2 = closed(objectSchema(V2_STAGE));
  const prepare2 = closed(objectSchema(V2_PREPARE));
  const after2 = closed(objectSchema(V2_AFTER));
  const top1 = closed(topSchema(1));
  const top2 = closed(topSchema(2));
  const isVersion2 = {
    type: "object",
    properties: { version: { enum: [2, "2"] } },
    required: ["version"],
  };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Manifest of buildr (.buildr.yml)",
    type: ["object", "null"],
    if: isVersion2,
    then: { $ref: "#/$defs/manifest2" },
    else: { $ref: "#/$defs/manifest1" },
    $defs: {
      // What is in no list of stages is ignored in version 1.
      manifest1: {
        ...top1,
        type: ["object", "null"],
        properties: {
          ...properties(top1),
          // The first version knew no such key, so a stage may have that name.
          shell: {
            description: (properties(top1)["shell"] as JsonSchema)["description"],
            anyOf: [properties(top1)["shell"], { $ref: "#/$defs/stage1" }],
          },
          prepare: { $ref: "#/$defs/stage1" },
        },
        additionalProperties: true,
      },
      manifest2: {
        ...top2,
        properties: {
          ...properties(top2),
          prepare: {
            description: "What runs first, in the main container.",
            anyOf: [{ $ref: "#/$defs/prepare2" }, { type: "null" }],
          },
          after: {
            description: "What runs at the end in any case.",
            anyOf: [{ $ref: "#/$defs/after2" }, { type: "null" }],
          },
        },
        additionalProperties: { anyOf: [{ $ref: "#/$defs/stage2" }, { type: "null" }] },
      },
      stage1: { ...stage1, type: ["object", "null"] },
      stage2,
      prepare2,
      after2,
      ...Object.fromEntries(named),
    },
  };
}

function properties(schema: JsonSchema): Readonly<Record<string, unknown>> {
  return schema["properties"] as Readonly<Record<string, unknown>>;
}

/** Puts references to `$defs` in the places of named shapes. */
function close(value: unknown, named: Map<string, JsonSchema>): unknown {
  if (Array.isArray(value)) return value.map((one) => close(one, named));
  if (typeof value !== "object" || value === null) return value;
  if ("$shape" in value) {
    const shape = value.$shape as Shape<unknown>;
    if (!named.has(shape.name!)) {
      named.set(shape.name!, {});
      named.set(shape.name!, close(shape.schema, named) as JsonSchema);
    }
    return { $ref: `#/$defs/${shape.name}` };
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, close(one, named)]));
}
