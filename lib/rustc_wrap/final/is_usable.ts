import type { UnitResult } from "../model.ts";

/**
 * Tells whether a result of the store will do: what is to be written down must be made where nobody
 * has seen it being made.
 *
 * @param id The unit.
 * @param result What the store has.
 * @param records Where things are written down; `undefined`: nothing is.
 */
export async function isUsable(
  id: string,
  result: UnitResult,
  records: string | undefined,
): Promise<boolean> {
  if (records === undefined) return true;
  const { isRecorded } = await import("./by_product.ts");
  return await isRecorded(records, id, result);
}
