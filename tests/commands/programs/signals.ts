// A program that runs commands and is meant to be ended: MODE SLEEP, where SLEEP marks processes.
import { command, holdSignals } from "../../../lib/commands/mod.ts";

const [mode, sleep = "30"] = Deno.args;
const tree = command(["sh", "-c", `sleep ${sleep} & echo ready; wait; echo waited`], {
  forward: true,
  graceMs: 5_000,
});
const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));

switch (mode) {
  case "run": {
    await using runner = await tree.run();
    await runner.wait();
    say("nobody may see this");
    break;
  }
  case "complete":
    await tree.runToCompletion();
    say("nobody may see this");
    break;
  case "polite": {
    const script = "trap 'echo last words; exit 0' INT; echo ready; while :; do sleep 0.01; done";
    await command(["sh", "-c", script, sleep], { forward: true }).run().then((r) => r.wait());
    say("nobody may see this");
    break;
  }
  case "deaf": {
    const script = "trap '' INT TERM HUP; echo ready; while :; do sleep 0.05; done";
    const deaf = command(["sh", "-c", script, sleep], { forward: true, graceMs: 60_000 });
    await (await deaf.run()).wait();
    break;
  }
  case "held": {
    using _hold = holdSignals();
    Deno.addSignalListener("SIGINT", async () => {
      say("own handler");
      await command("echo cleaning up", { forward: true }).runToCompletion();
      Deno.exit(42);
    });
    await using runner = await tree.run();
    const { terminated } = await runner.wait();
    say(`terminated ${terminated}`);
    await new Promise(() => setInterval(() => {}, 1_000));
    break;
  }
  case "idle":
    await command("true").runToCompletion();
    say("ready");
    await new Promise(() => setInterval(() => {}, 1_000));
    break;
  case "exit":
  case "throw":
  case "reject":
  case "end": {
    const runner = await tree.run();
    for await (const line of runner.lines()) if (line === "ready") break;
    if (mode === "exit") Deno.exit(5);
    if (mode === "throw") throw new Error("uncaught");
    if (mode === "reject") Promise.reject(new Error("uncaught"));
    break;
  }
  case "forget": {
    const runner = await command(`sleep ${sleep}`, { forgetOnDrop: true }).run();
    say(`forgotten ${runner.pid}`);
    break;
  }
  case "die-with-parent": {
    const runners = [await tree.with({ dieWithParent: true }).run()];
    runners.push(await tree.with({ dieWithParent: true, forward: false }).run());
    const gone = await command("true", { dieWithParent: true }).run();
    await gone.wait();
    say("all run");
    await Promise.all(runners.map((runner) => runner.wait()));
    break;
  }
  case "die-with-parent-end": {
    await using runner = await command("true", { dieWithParent: true }).run();
    await runner.wait();
    break;
  }
  default:
    throw new Error(`Unknown mode ${mode}`);
}
