/** The modules that need nothing of the workspace. */
import type { Value } from "../starlark/values.ts";

/** The module called `name`, made when it is first asked for. */
export function standardModule(_name: string): Value | undefined {
  return undefined;
}
