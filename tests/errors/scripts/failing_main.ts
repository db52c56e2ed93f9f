import { runMain, stackErr } from "../../../lib/errors/mod.ts";

runMain(() => {
  stackErr(() => {
    throw new RangeError("one");
  }, "Cannot add");
});
