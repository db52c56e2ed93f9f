import assert from "node:assert/strict";
import { execInContainer } from "../../lib/containers/mod.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { importBusybox } from "../support/busybox_image.ts";
import { registryProblem, startRegistry } from "../support/registry_server.ts";
import { TestProject } from "./_project.ts";
import { Terminal, terminalProblem } from "./_terminal.ts";

const problem = await terminalProblem();

/** Registers a test that needs a terminal. */
function terminalTest(name: string, body: () => Promise<void>, also?: string): void {
  Deno.test({ name, ignore: (problem ?? also) !== undefined, fn: body });
}

const SHOP = `name: shop
services:
  db:
    image: IMAGE
    command: ["sh", "-c", "echo starting; until test -f /go; do sleep 0.05; done; touch /ready; echo '数据库 ready 🎉'; exec sleep 1000"]
    healthcheck: { test: ["CMD", "test", "-f", "/ready"], interval: 100ms, start_period: 100s }
  app:
    image: IMAGE
    command: ["sh", "-c", "printf 'listening\\\\033[2J\\\\007\\\\n'; exec sleep 1000"]
    depends_on: { db: { condition: service_healthy } }
`;

/** Lets the service `db` become healthy. */
async function go(project: TestProject): Promise<void> {
  await eventually(
    async () => {
      const [id] = Object.entries(await project.containers())
        .flatMap(([name, text]) =>
          name === "db" && text.startsWith("running") ? [text.slice(8)] : []
        );
      assert.ok(id !== undefined);
      assert.equal((await execInContainer(project.engine, id, ["touch", "/go"])).exitCode, 0);
    },
    30_000,
    { pollMs: 50 },
  );
}

terminalTest(
  "at a terminal: a board while it starts, then outputs, then how it was ended",
  async () => {
    await using project = await TestProject.make(SHOP);
    const words = [...project.program, "up", "-p", project.name];
    await using terminal = await Terminal.open(words, { cwd: project.directory, env: project.env });
    const starting = await terminal.until(
      /^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] db +running +starting +\d\.\d s +starting$/m,
    );
    assert.match(starting, /^up\w+ {2}0 of 2 up {2}\d+\.\d s$/m);
    assert.match(starting, /^◌ app +created +- +\d\.\d s +after db$/m);
    assert.doesNotMatch(starting, /\| starting/);
    await go(project);
    const up = await terminal.until(/^app {2}\| listening/m);
    assert.match(up, /^up\w+ {2}2 of 2 up/m);
    assert.match(up, /^✔ db +running +healthy +\d+\.\d s +数据库 ready 🎉$/m);
    assert.match(up, /^db {3}\| starting\n/m);
    assert.ok(up.includes("app  | listening\\x1b[2J\\x07"), up);
    assert.equal(up.match(/2 of 2 up/g)?.length, 1, up);
    await terminal.press("C-c");
    assert.equal(await terminal.exitCode(), 130);
    const end = await terminal.until(/^up\w+ {2}stopped/m);
    assert.match(end, /^◌ app +ended/m);
    assert.equal(end.match(/stopping/g), null, end);
    await project.nothingLeft();
  },
);

terminalTest("the board follows the size of its terminal", async () => {
  await using project = await TestProject.make(SHOP);
  const words = [...project.program, "up", "-d", "-p", project.name];
  const size = { columns: 100, rows: 20 };
  await using terminal = await Terminal.open(words, {
    cwd: project.directory,
    env: project.env,
    ...size,
  });
  await terminal.until(/db +running +starting +.* starting$/m);
  for (const columns of [40, 24, 120, 30, 100]) {
    await terminal.resize(columns, 20);
    const screen = await terminal.until(
      columns > 60 ? /db +running +starting +.* starting$/m : /db +running/m,
    );
    // tmux tells a program of its new size a little later, so a frame in between may leave a line;
    // the block itself is whole.
    await eventually(
      async () => {
        const lines = (await terminal.screen()).split("\n").slice(-3);
        for (const [index, pattern] of [/0 of 2 up/, / db /, / app /].entries()) {
          assert.match(lines[index] ?? "", pattern);
        }
      },
      5_000,
      { pollMs: 50 },
    );
    for (const line of screen.split("\n")) assert.ok(line.length <= columns);
  }
  await go(project);
  assert.equal(await terminal.exitCode(), 0);
});

terminalTest("colours are there at a terminal, and not with NO_COLOR", async () => {
  for (const [noColour, isColoured] of [["", true], ["1", false]] as const) {
    await using project = await TestProject.make(
      `services: { a: { image: IMAGE, command: ["sh", "-c", "printf '\\\\033[31mred\\\\033[0m\\\\n'"] } }`,
    );
    await using terminal = await Terminal.open([...project.program, "up"], {
      cwd: project.directory,
      env: { ...project.env, NO_COLOR: noColour },
    });
    assert.equal(await terminal.exitCode(), 0);
    const screen = await terminal.until(/^a {2}\| red$/m);
    assert.match(screen, /^NAME +IMAGE OR COMMAND +STATE/m);
    const colours = await terminal.screen({ colours: true });
    assert.equal(colours.includes("\x1b[31mred"), isColoured, colours);
    assert.equal(colours.includes("\x1b["), isColoured, colours);
  }
});

terminalTest("a failure: the report comes last, with the guilty one first", async () => {
  await using project = await TestProject.make(`services:
  bad: { image: IMAGE, command: ["sh", "-c", "echo 'no disk' >&2; exit 3"] }
  good: { image: IMAGE, command: sleep 1000 }
`);
  const words = [...project.program, "up", "--abort-on-failure"];
  await using terminal = await Terminal.open(words, { cwd: project.directory, env: project.env });
  assert.equal(await terminal.exitCode(), 1);
  const screen = await terminal.until(/Error: Network/);
  const report = screen.slice(screen.indexOf("Error: "));
  assert.match(report, /^Error: Network "\w+" failed: container "bad" ended with exit code 3$/m);
  assert.match(report, /no disk/);
  assert.ok(screen.indexOf("NAME ") < screen.indexOf("Error: "), screen);
});

terminalTest("where there is nothing to do, a terminal gets one line", async () => {
  await using project = await TestProject.make(
    "services: { a: { image: IMAGE, command: sleep 1000 } }",
  );
  await project.run("up", "-d", "-q");
  for (const more of [[], ["--wait"]]) {
    await using terminal = await Terminal.open([...project.program, "up", "-d", ...more], {
      cwd: project.directory,
      env: project.env,
    });
    assert.equal(await terminal.exitCode(), 0);
    await terminal.until(/nothing to do/);
    assert.equal(await terminal.screen(), `${project.name} is up, nothing to do`);
  }
});

terminalTest("a pull shows as a bar", async () => {
  await using registry = await startRegistry();
  await using slow = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => slowly(request, registry.host),
  );
  const { port } = slow.addr;
  await using project = await TestProject.make(
    `services: { app: { image: "127.0.0.1:${port}/app:1", command: ["sleep", "1000"] } }`,
  );
  const { images } = project.engine;
  try {
    await importBusybox(project.engine, `${registry.host}/app:1`);
    await images.push(`${registry.host}/app:1`);
    await images.remove(`${registry.host}/app:1`, { force: true });
    await using terminal = await Terminal.open([...project.program, "up", "-d"], {
      cwd: project.directory,
      env: project.env,
      columns: 120,
    });
    await terminal.until(/^\S app +pulling +- +\d+\.\d s +█+░+ +\d+ % +\d\.\d of \d\.\d MB/m);
    assert.equal(await terminal.exitCode(60_000), 0);
    await terminal.until(/^✔ app +running/m);
  } finally {
    await project.run("down", "-t", "0");
    for (const host of [registry.host, `127.0.0.1:${port}`]) {
      await images.remove(`${host}/app:1`, { force: true }).catch(() => {}); // not pulled
    }
  }
}, await registryProblem());

// A line to a registry as people have at home.
async function slowly(request: Request, host: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const answer = await fetch(`http://${host}${pathname}${search}`, {
    method: request.method,
    headers: request.headers,
    redirect: "manual",
  });
  if (!pathname.includes("/blobs/") || answer.body === null) return answer;
  const bytes = await answer.bytes();
  const pieces = Array.from(
    { length: 20 },
    (_, index) => bytes.slice(index * bytes.length / 20, (index + 1) * bytes.length / 20),
  );
  const body = ReadableStream.from((async function* () {
    for (const piece of pieces) {
      yield piece;
      if (bytes.length > 100_000) await new Promise((resolve) => setTimeout(resolve, 150));
    }
  })());
  return new Response(body, { status: answer.status, headers: answer.headers });
}
