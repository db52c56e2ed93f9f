// gate-timeout: 300 s
import assert from "node:assert/strict";
import axe from "npm:axe-core@^4.10.0";
import { cacheDirectory } from "../../lib/engine/mod.ts";
import { eventually } from "../../lib/retry/mod.ts";
import { type Browser, type Page, startChromium } from "./_browser.ts";
import { HandAgent, type ServerScene, serveScene, Teller } from "./_server_scene.ts";

const { browser, skip } = await startChromium();
const SHOTS = Deno.env.get("SUPERORCH_SCREENSHOTS") ?? `${cacheDirectory()}/tests/screenshots`;
const REPO = "https://git.example.org/platform/api.git";

Deno.test.beforeAll(async () => {
  await Deno.mkdir(SHOTS, { recursive: true });
});
Deno.test.afterAll(async () => {
  await browser?.close();
});

type ContextOptions = NonNullable<Parameters<Browser["newContext"]>[0]>;

/** Runs a test in a page of its own; what the page complains about fails it. */
function pageTest(
  name: string,
  fn: (page: Page, scene: ServerScene) => Promise<void>,
  context: ContextOptions = {},
  server: Parameters<typeof serveScene>[0] = {},
): void {
  Deno.test({
    name: skip === undefined ? name : `${name}: skipped, ${skip}`,
    ignore: skip !== undefined,
    // The browser of all tests has sockets and timers of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using scene = await serveScene(server);
      const tab = await browser!.newContext({ viewport: { width: 1200, height: 800 }, ...context });
      try {
        const page = await tab.newPage();
        page.setDefaultTimeout(20_000);
        const complaints: string[] = [];
        page.on("pageerror", (error) => complaints.push(String(error)));
        page.on("console", (message) => {
          const isRefusal = /status of (401|409)/.test(message.text());
          if (message.type() === "error" && !isRefusal) complaints.push(message.text());
        });
        page.on("dialog", (dialog) => {
          complaints.push(`dialog ${dialog.message()}`);
          dialog.dismiss();
        });
        await fn(page, scene);
        assert.deepEqual(complaints, []);
      } finally {
        await tab.close();
      }
    },
  });
}

async function shot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${SHOTS}/${name}.png`, animations: "disabled" });
}

/** Rules of WCAG 2.2 A and AA, and good practice, as axe-core judges them. */
async function assertAccessible(page: Page, what: string): Promise<void> {
  // The policy of our pages lets nobody in; the debugger is not asked.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(`axe.run(document, { resultTypes: ["violations"] }).then(
    ({ violations, passes }) => passes.length < 12 ? ["too little was looked at"] : violations.map(({ id, nodes }) =>
      id + ": " + nodes.map(({ html, failureSummary }) => html + "\\n" + failureSummary).join("\\n")))`);
  assert.deepEqual(violations, [], what);
}

const GRAPH: Readonly<Record<string, readonly string[]>> = {
  prepare: [],
  lint: ["prepare"],
  unit: ["prepare"],
  "unit[node=20,db=pg]": ["prepare"],
  build: ["lint"],
  e2e: ["unit", "unit[node=20,db=pg]", "build"],
  deploy: ["e2e"],
};

/** Builds as a team has them. */
function fill({ coordinator, ledger }: ServerScene, now = Date.now()): void {
  const repos = ["platform/api", "platform/web", "tools/packer", "kernel/boot"];
  for (let index = 0; index < 12; index++) {
    const id = `b${index}`;
    const at = now - (12 - index) * 600_000;
    coordinator.submit({
      id,
      repo: `https://git.example.org/${repos[index % 4]}.git`,
      branch: index % 3 === 0 ? "feature/login" : "main",
      submitted_at: at,
    });
    if (index > 9) continue;
    const teller = new Teller(ledger, id, 1, at + 2_000);
    tellBuild(teller, { failing: index === 6, unfinished: index === 9 });
  }
  for (
    const [agent, builds, tags] of [["build-01", ["b9"], ["x86"]], ["build-02", [], [
      "arm64",
    ]]] as const
  ) {
    ledger.noteAgent({
      v: 1,
      agent,
      ts: now,
      slots: 2,
      builds,
      tags,
      draining: false,
      load: 0.73,
      version: "0.1.0",
    });
  }
  for (let index = 0; index < 400; index++) ledger.noteDepth(now - index * 50_000);
  ledger.addDead({
    id: "b2",
    job: ledger.get("b2")!.job,
    content: "{}",
    reason: "It was started 3 times, and no agent came to its end",
    lastLines: ["linking", "Killed"],
    diedAt: now - 7_200_000,
  });
}

function tellBuild(
  teller: Teller,
  { failing, unfinished }: { readonly failing: boolean; readonly unfinished: boolean },
): void {
  teller.tell({ type: "started", status: "running" });
  for (const [stage, needs] of Object.entries(GRAPH)) teller.stage(stage, "waiting", { needs });
  let hasFailed = false;
  for (const stage of Object.keys(GRAPH)) {
    if (hasFailed) {
      teller.stage(stage, "skipped");
      continue;
    }
    teller.stage(stage, "running");
    teller.wait(3_400);
    teller.log(`$ make ${stage}\n\x1b[32m✓\x1b[0m compiling \x1b[1mmain.ts\x1b[0m\n`, stage);
    teller.log(
      "\x1b[38;5;208mwarning:\x1b[0m \x1b[38;2;255;100;200munused\x1b[0m \x1b[90mx\x1b[0m\n",
      stage,
    );
    for (let test = 0; test < 8; test++) {
      teller.log(
        `  \x1b[36m[${test}]\x1b[0m tests/part_${test}_test.ts \x1b[32mok\x1b[0m\n`,
        stage,
      );
    }
    if (unfinished && stage === "e2e") return;
    hasFailed = failing && stage === "e2e";
    if (hasFailed) teller.log("\x1b[1;31mError:\x1b[0m expected 200, got 500\n", stage);
    teller.stage(stage, hasFailed ? "failed" : "passed");
  }
  teller.tell({
    type: "finished",
    status: hasFailed ? "failed" : "passed",
    data: hasFailed ? "e2e: line 3 exited with code 1" : "all passed",
    detail: { commit: "3f9c2ab77e01d4aa" },
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const [size, width] of [["wide", 1200], ["narrow", 390]] as const) {
    pageTest(
      `all pages are sound for everybody, ${colorScheme} and ${size}`,
      async (page, scene) => {
        fill(scene);
        for (
          const [name, path] of [
            ["list", "/"],
            ["build", "/builds/b6"],
            ["agents", "/agents"],
            ["dead", "/dead"],
          ] as const
        ) {
          const response = await page.goto(`${scene.url}${path}`);
          assert.equal(response!.status(), 200);
          if (name === "build") {
            await page.waitForSelector("#L50");
          }
          await shot(page, `${name}-${colorScheme}-${size}`);
          await assertAccessible(page, `${name} ${colorScheme} ${size}`);
          const overflow: number = await page.evaluate(
            "document.documentElement.scrollWidth - innerWidth",
          );
          assert.ok(overflow <= 0, `${path} is ${overflow} px too wide`);
        }
      },
      { colorScheme, viewport: { width, height: 900 } },
    );
  }
}

pageTest("the list is live, and filters are links and a form", async (page, scene) => {
  fill(scene);
  await page.goto(scene.url);
  assert.equal(await page.locator("tbody tr").count(), 12);
  scene.coordinator.submit({ id: "new", repo: REPO, branch: "hotfix" });
  await page.waitForSelector("text=hotfix");
  await scene.coordinator.cancel("new");
  await page.waitForSelector("tbody tr:first-child .badge:text('canceled')");
  await page.click(".chip:has-text('failed')");
  await page.waitForURL("**/?status=failed");
  assert.equal(await page.locator("tbody tr").count(), 1);
  await page.goto(scene.url);
  await page.fill("#q", "packer");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/?q=packer");
  assert.equal(await page.locator("tbody tr").count(), 3);
});

pageTest("a build is followed live: stages, log, result", async (page, scene) => {
  scene.coordinator.submit({ id: "a", repo: REPO, branch: "main" });
  await using agent = await HandAgent.join(scene.url);
  const delivery = await agent.take();
  await page.goto(`${scene.url}/builds/a`);
  await agent.tell(delivery, { type: "started", status: "running" });
  await agent.tell(delivery, {
    type: "stage",
    stage: "unit",
    status: "waiting",
    detail: { needs: [] },
  });
  await agent.tell(delivery, {
    type: "stage",
    stage: "ship",
    status: "waiting",
    detail: { needs: ["unit"] },
  });
  await agent.tell(delivery, { type: "stage", stage: "unit", status: "running" });
  await page.waitForSelector(".graph .node.s-running");
  assert.equal(await page.locator(".graph .edge").count(), 1);
  for (let line = 1; line <= 300; line++) {
    await agent.tell(delivery, { stage: "unit", data: `line ${line}\n` });
  }
  await page.waitForSelector("#L300");
  await agent.tell(delivery, { stage: "unit", data: "50 \x1b[32m%" });
  await page.waitForSelector(".l.open i.f2:text('%')");
  await agent.tell(delivery, { stage: "unit", data: "\x1b[0m\n" });
  await page.waitForSelector("#L301");
  assert.equal(await page.locator(".l.open").count(), 0);
  // Follows: the last line is in sight.
  await eventually(async () => {
    const box = await page.locator("#L301").boundingBox();
    assert.ok(box !== null && box.y < 800, JSON.stringify(box));
  }, 5_000);
  assert.ok(await page.isChecked("#follow"));
  await page.mouse.wheel(0, -2_000);
  await eventually(async () => assert.ok(!await page.isChecked("#follow")), 5_000);
  await agent.tell(delivery, { type: "stage", stage: "unit", status: "failed" });
  await page.waitForSelector(".graph .node.s-failed");
  await agent.tell(delivery, { type: "finished", status: "failed", data: "unit: exit 1" });
  await page.waitForSelector(".title .badge:text('failed')");
  await page.waitForSelector(".why:text('unit: exit 1')");
  assert.equal(await page.textContent("#say"), "The build has ended: failed");
  await page.waitForSelector("button:text('Build again')");
  // The log is no live region: a screen reader would never come to an end.
  assert.equal(await page.locator("#lines[aria-live], #lines[role=log]").count(), 0);
});

pageTest("colours, line links, search, folding and the keyboard", async (page, scene) => {
  scene.coordinator.submit({ id: "a", repo: REPO });
  tellBuild(new Teller(scene.ledger, "a"), { failing: true, unfinished: false });
  await page.goto(`${scene.url}/builds/a#L12`);
  await page.waitForSelector("#L12.on");
  const colour = (selector: string): Promise<string> =>
    page.evaluate(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).color`);
  assert.equal(await colour("#L3 i.f208"), "rgb(255, 135, 0)");
  assert.equal(await colour("#L3 i:nth-of-type(2)"), "rgb(255, 100, 200)");
  assert.equal(await colour("#L2 i.f2"), "rgb(63, 185, 80)");
  await page.click("#L14 > a");
  await page.waitForSelector("#L14.on");
  await page.click("#L17 > a", { modifiers: ["Shift"] });
  await page.waitForSelector("#L16.on");
  assert.ok(page.url().endsWith("#L14-L17"));
  // By keys alone: to the search, through its matches.
  await page.keyboard.press("/");
  await page.keyboard.type("PART_7");
  await page.waitForSelector("#found:text('1 of 6')");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#found:text('2 of 6')");
  assert.equal(await page.locator(".l.hit mark").first().textContent(), "part_7");
  await page.keyboard.press("Shift+Enter");
  await page.waitForSelector("#found:text('1 of 6')");
  await page.keyboard.press("Escape");
  await eventually(async () => assert.equal(await page.locator("mark").count(), 0), 5_000);
  await page.click("text=Fold all");
  assert.equal(await page.locator("details.stage[open]").count(), 0);
  // A link to a line unfolds its stage.
  await page.evaluate('location.hash = "#L30"');
  await page.waitForSelector("#L30.on");
  await page.click(".graph a[aria-label^='e2e']");
  await page.waitForSelector("details[id='stage-e2e'][open]");
});

const HOSTILE = `"'><img src=x onerror=alert(1)><script>alert(2)</script>&lt;{{7*7}}`;

pageTest("markup in every field stays text", async (page, scene) => {
  const { coordinator, ledger } = scene;
  const repo = `https://example.org/${encodeURI("<b>")}/x?a="><script>alert(3)</script>`
    .replaceAll(" ", "");
  const { job } = coordinator.submit({
    id: "a",
    repo,
    branch: `x"><img/src=x/onerror=alert(4)>`.replace(/[~^:?*[\\]/g, ""),
    path: HOSTILE.replaceAll("\\", ""),
    stages: [HOSTILE],
    concurrency: HOSTILE,
    env: { A: HOSTILE },
  });
  const teller = new Teller(ledger, "a");
  teller.tell({ type: "started", status: "running" });
  teller.stage(HOSTILE, "waiting", { needs: [HOSTILE, "</svg><script>alert(5)</script>"] });
  teller.stage("</svg><script>alert(6)</script>", "running", { needs: [HOSTILE] });
  teller.log(
    `${HOSTILE}\n\x1b[31m${HOSTILE}\x1b[0m\n\x1b]8;;javascript:alert(7)\x07link\x1b]8;;\x07\n`,
    HOSTILE,
  );
  teller.tell({
    type: "finished",
    status: "failed",
    data: HOSTILE,
    detail: { commit: HOSTILE, [HOSTILE]: HOSTILE },
  });
  ledger.noteAgent({
    v: 1,
    agent: HOSTILE,
    ts: 0,
    slots: 1,
    builds: [HOSTILE],
    tags: [HOSTILE],
    draining: false,
    version: HOSTILE,
  });
  ledger.addDead({
    id: HOSTILE,
    job,
    content: HOSTILE,
    reason: HOSTILE,
    lastLines: [HOSTILE],
    diedAt: 1,
  });
  ledger.addDead({ id: "no", content: HOSTILE, reason: HOSTILE, lastLines: [], diedAt: 2 });
  for (const path of ["/", `/?q=${encodeURIComponent(HOSTILE)}`, "/builds/a", "/agents", "/dead"]) {
    await page.goto(`${scene.url}${path}`);
    if (path === "/builds/a") {
      await page.waitForSelector("html.js #L3");
      assert.equal(await page.textContent("#L1 > span"), HOSTILE);
      assert.equal(await page.textContent("#L3 > span"), "link");
      await page.fill("#find", "<script>");
      await page.waitForSelector("mark:text('<script>')");
    }
    assert.equal(await page.locator("img, main script, [onerror]").count(), 0, path);
    assert.equal(await page.locator("a[href^='javascript']").count(), 0, path);
  }
});

pageTest(
  "a token is asked for once where one is wanted",
  async (page, scene) => {
    scene.coordinator.submit({ id: "a", repo: REPO });
    await page.goto(`${scene.url}/builds/a`);
    await page.click("button:text('Cancel')");
    await page.waitForSelector("dialog[open]");
    await assertAccessible(page, "the dialog");
    await page.fill("#token-text", "a wrong one");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#say:text('That token is not known')");
    await page.waitForSelector("dialog[open]");
    await page.fill("#token-text", "the-right-one");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".title .badge:text('canceled')");
    await page.click("button:text('Build again')");
    await page.waitForSelector("text=#2");
    assert.equal(scene.ledger.list().length, 2);
  },
  {},
  { tokens: ["the-right-one"] },
);

pageTest("everything can be read without a script", async (page, scene) => {
  fill(scene);
  scene.coordinator.submit({ id: "long", repo: REPO });
  const teller = new Teller(scene.ledger, "long");
  teller.log(Array.from({ length: 2_500 }, (_, line) => `line ${line + 1}\n`).join(""), "unit");
  await page.goto(scene.url);
  await page.click(`a[href='/builds/b6']`);
  assert.match(await page.textContent("#log") ?? "", /expected 200, got 500/);
  assert.equal(await page.locator(".actions:visible, .tools:visible").count(), 0);
  assert.equal(await page.locator(".graph .node").count(), 7);
  await shot(page, "without-script");
  await page.goto(`${scene.url}/builds/long`);
  assert.equal(await page.locator(".l").count(), 1_000);
  await page.click("a[rel=next]");
  await page.click("a[rel=next]");
  assert.equal(await page.locator("#L2500").count(), 1);
  await page.goto(`${scene.url}/agents`);
  assert.equal(await page.locator(".plot svg .line").count(), 2);
}, { javaScriptEnabled: false });

pageTest("100,000 lines do not choke it", async (page, scene) => {
  scene.coordinator.submit({ id: "a", repo: REPO });
  const teller = new Teller(scene.ledger, "a");
  const events = Array.from({ length: 1_000 }, (_, part) =>
    teller.event({
      stage: part < 700 ? "unit" : "lint",
      data: Array.from({ length: 100 }, (_, line) =>
        `\x1b[32mok\x1b[0m ${part * 100 + line + 1} tests of a module that has a long name\n`).join(
          "",
        ),
    }));
  scene.ledger.apply(events);
  scene.ledger.apply([teller.event({ type: "finished", status: "passed" })]);
  const begin = performance.now();
  await page.goto(`${scene.url}/builds/a#L99000`);
  await page.waitForSelector("#L99000.on", { timeout: 60_000 });
  assert.ok(performance.now() - begin < 30_000);
  const rows = await page.locator(".l").count();
  assert.ok(rows < 5_000, `${rows} lines are drawn`);
  await page.fill("#find", " 54321 tests");
  await page.waitForSelector("#found:text('1 of 1')");
  await page.waitForSelector("#L54321 mark");
  // It still answers at once.
  const click = performance.now();
  await page.click("text=Fold all");
  await page.waitForSelector("text=Unfold all");
  assert.ok(performance.now() - click < 5_000);
});
