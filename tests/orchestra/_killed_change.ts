// Changes a root and dies of SIGKILL before one of the steps: `_killed_change.ts STEP JSON`.
import { mergeIntoRoot, removeFromRoot } from "../../lib/orchestra/installed/merge.ts";

const [step = "0", json = "{}"] = Deno.args;
const { kind, ...change } = JSON.parse(json);
let count = 0;
const onStep = () => {
  if (++count === Number(step)) Deno.kill(Deno.pid, "SIGKILL");
};
if (kind === "merge") await mergeIntoRoot(change, { onStep });
else await removeFromRoot(change.root, change.components, { onStep });
