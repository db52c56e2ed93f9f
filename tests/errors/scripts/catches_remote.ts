// Catches with this copy of the module what a remote program throws with its own.
import { isTimeout, StackedError } from "../../../lib/errors/mod.ts";

const { fail } = await import(Deno.args[0] ?? "");
try {
  fail();
} catch (theirs) {
  const error = new StackedError("ours", { cause: theirs, location: false });
  console.log(JSON.stringify({
    same: theirs instanceof StackedError,
    timeout: isTimeout(error),
    text: `${error}`,
  }));
}
