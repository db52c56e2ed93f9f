// Takes a lock, says so, and keeps it until it is killed.
import { FileLock } from "../../../lib/files/mod.ts";

const [path = "", purpose] = Deno.args;
await FileLock.acquire(path, { purpose });
console.log("locked");
setInterval(() => {}, 60_000);
