// Two callers, each of whom adds 1 to DIR/counter N times, with a gap between read and write.
import { FileLock } from "../../../lib/files/mod.ts";

const [dir = "", count = "0"] = Deno.args;
async function increment(): Promise<void> {
  for (let index = 0; index < Number(count); index++) {
    await using _lock = await FileLock.acquire(`${dir}/counter.lock`, { timeoutMs: 60_000 });
    const before = Number(await Deno.readTextFile(`${dir}/counter`));
    await Deno.writeTextFile(`${dir}/counter`, String(before + 1));
  }
}
await Promise.all([increment(), increment()]);
