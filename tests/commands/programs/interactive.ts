// Gives its terminal to a command that handles Ctrl-C itself.
import { command } from "../../../lib/commands/mod.ts";

const script = "trap 'echo got INT; exit 6' INT; [ -t 0 ] && [ -t 1 ] && echo ready tty; " +
  "while :; do sleep 0.05; done";
const { code, terminated } = await command(["sh", "-c", script], { interactive: true })
  .runToCompletion();
Deno.stdout.writeSync(new TextEncoder().encode(`code ${code}, terminated ${terminated}\n`));
