import { StackedError, TimeoutError } from "../../../lib/errors/mod.ts";

interface Layer {
  readonly message: string;
}

export function fail(layer: Layer = { message: "theirs" }): never {
  throw new StackedError(layer.message, { cause: new TimeoutError("late") });
}
