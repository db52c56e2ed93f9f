// Takes a lock in DIR by a relative path, goes to DIR/elsewhere, and releases it there.
import { FileLock } from "../../../lib/files/mod.ts";

Deno.chdir(Deno.args[0]!);
const lock = await FileLock.acquire("a.lock");
Deno.chdir("elsewhere");
await lock.release();
