// Forwards a command to its own streams; with "many", more than a pipe holds.
import { command } from "../../../lib/commands/mod.ts";

const many = Deno.args[0] === "many";
const result = await command(many ? "seq 1 200000" : "echo shown", { forward: true })
  .runToCompletion();
if (many && !result.stdoutText().endsWith("200000\n")) Deno.exit(9);
