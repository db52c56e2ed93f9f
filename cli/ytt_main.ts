/** The program `ytt`. */
import process from "node:process";
import { processIo, run } from "./ytt.ts";

if (import.meta.main) {
  run(process.argv.slice(2), processIo()).then((code) => process.exitCode = code);
}
