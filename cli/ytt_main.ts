/** The program `ytt`. */
import process from "node:process";
import { processIo, run } from "./ytt.ts";

if (import.meta.main) {
  process.exitCode = await run(process.argv.slice(2), processIo());
}
