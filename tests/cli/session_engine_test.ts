import assert from "node:assert/strict";
import { pictureOf, textOfPicture } from "./_picture.ts";
import { TestProject } from "./_project.ts";
import { Terminal, terminalProblem } from "./_terminal.ts";

const docs = new URL("../../docs/", import.meta.url);
const page = new URL("compose.md", docs);
const picture = new URL("live_view.svg", docs);
const compose = await Deno.readTextFile(new URL("session/compose.yaml", docs));
const UPDATE = Deno.env.get("UPDATE") === "1";

/** What is different in every run: times, ids, and the order of what happens side by side. */
function shapeOf(text: string, project: string): string {
  return text.replaceAll(project, "shop")
    .replace(/\b[0-9a-f]{16}\b/g, "ID")
    .replace(/\b(?:dead|alive) \(\d+\)/g, "OWNER")
    .replace(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/g, "*")
    .replace(/\b\d+s\b/g, "AGE")
    .replace(/ *\b\d+\.\d+ s/g, " TIME")
    .split("\n").map((line) => line.trimEnd()).filter((line) => line !== "").toSorted().join("\n");
}

Deno.test("the session in docs/compose.md is what its commands print", async () => {
  await using project = await TestProject.make(compose);
  const text = await Deno.readTextFile(page);
  const block = /```console\n([\s\S]*?)```/.exec(text);
  assert.ok(block !== null);
  const steps = block[1]!.split(/^(?=\$ )/m).map((step) => {
    const end = step.indexOf("\n");
    return { command: step.slice(2, end), output: step.slice(end + 1) };
  });
  const printed: string[] = [];
  for (const { command, output } of steps) {
    const [program, name, ...words] = command.split(" ");
    assert.equal(program, "superorch");
    const ran = await project.run(name!, "-p", project.name, ...words);
    assert.equal(ran.code, 0, ran.stderr);
    printed.push(`$ ${command}\n${(ran.stdout + ran.stderr).replaceAll(project.name, "shop")}\n`);
    if (!UPDATE) {
      assert.equal(
        shapeOf(ran.stdout + ran.stderr, project.name),
        shapeOf(output, "shop"),
        command,
      );
    }
  }
  if (!UPDATE) return;
  const fresh = `\`\`\`console\n${printed.join("")}`.trimEnd();
  await Deno.writeTextFile(page, text.replace(block[0], () => `${fresh}\n\`\`\``));
});

Deno.test({
  name: "the picture of the live view is what a terminal shows",
  ignore: await terminalProblem() !== undefined,
  fn: async () => {
    await using project = await TestProject.make(compose);
    const columns = 84;
    await using terminal = await Terminal.open([...project.program, "up", "-p", project.name], {
      cwd: project.directory,
      env: project.env,
      columns,
    });
    await terminal.until(/^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] db +running .* recovering$/m);
    await terminal.until(/^✔ cache +running .* listening on 6379$/m);
    const screen = await terminal.screen({ colours: true });
    const shown = pictureOf(screen.replaceAll(project.name, "shop"), columns);
    if (UPDATE) await Deno.writeTextFile(picture, shown);
    const kept = textOfPicture(await Deno.readTextFile(picture));
    assert.equal(shapeOf(textOfPicture(shown), "shop"), shapeOf(kept, "shop"));
    await terminal.press("C-c");
    assert.equal(await terminal.exitCode(), 130);
  },
});
