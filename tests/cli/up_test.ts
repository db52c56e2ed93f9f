import assert from "node:assert/strict";
import { type Ran, superorch } from "../support/cli.ts";

/** No engine answers there, so whatever is found out is found out without one. */
const NOWHERE = { DOCKER_HOST: "unix:///nonexistent/docker.sock" };

/** Runs `up` in a directory with some files; they are gone afterwards. */
async function up(
  files: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Ran> {
  const directory = await Deno.makeTempDir({ prefix: "superorch-up-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${directory}/${name}`, text);
    }
    return await superorch(["up", ...args], { cwd: directory, env: NOWHERE });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const GOOD = {
  "compose.yaml": "services: { web: { image: nginx }, worker: { image: busybox } }\n",
};
const LIB = new URL("../../lib/", import.meta.url).href;
const HEAD = `import { container } from "${LIB}containers/mod.ts";\n`;

Deno.test("every mistake of a compose file is told at its place, before any engine is asked", async () => {
  const { code, stderr } = await up({
    "compose.yaml": `services:
  web:
    imgae: nginx
    ports: [99999]
    depends_on: [dbb]
  db: { image: a, depends_on: { web: { condition: service_done } } }
`,
  });
  assert.equal(code, 2);
  assert.match(stderr, /^compose\.yaml:3:5: error: Unknown key "imgae".*did you mean "image"/m);
  assert.match(stderr, /^compose\.yaml:4:13: error: /m);
  assert.match(stderr, /^compose\.yaml:5:18: error: /m);
  assert.match(stderr, /^compose\.yaml:6:\d+: error: /m);
  assert.doesNotMatch(stderr, / at .*\.ts:/);
});

const USAGE: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["no file", ["-f", "nothing.yaml"], /Cannot read "nothing\.yaml": there is no such file/],
  ["a service for a file", ["web"], /no such file; services are chosen with --only web/],
  ["a directory", ["/"], /Cannot read "\/": it is a directory/],
  ["an unknown service", ["--only", "wbe"], /Cannot find service "wbe" .*did you mean "web"\?/],
  ["no-deps alone", ["--no-deps"], /--only chooses no service/],
  ["a time that is none", ["--timeout", "soon"], /Cannot understand the time "soon"/],
  ["a negative time", ["--timeout=-1"], /Cannot understand the time "-1"/],
  ["a scale that is none", ["--scale", "web"], /Cannot scale "web": give a service and a number/],
  ["a scale of nobody", ["--scale", "wbe=2"], /Cannot scale "wbe": there is no such service/],
  ["a pull that is none", ["--pull", "often"], /Cannot pull "often"/],
  ["code from nobody", ["--exit-code-from", "x"], /exit code of "x": it is none of the services/],
  [
    "code from one that is left out",
    ["--only", "web", "--exit-code-from", "worker"],
    /exit code of "worker"/,
  ],
  ["detached with a code", ["-d", "--exit-code-from", "web"], /detached with the exit code/],
  ["detached and watching", ["-d", "--abort-on-failure"], /nobody watches/],
  ["detached with logs", ["-d", "--log-dir", "logs"], /nobody is there to write to it/],
  ["an unknown option", ["--detatch"], /unknown option '--detatch'\n\(Did you mean --detach\?\)/],
  ["a name that cannot be one", ["-p", "A b"], /Cannot use project name "A b"/],
  ["two files", ["a.yaml", "b.yaml"], /too many arguments/],
];

for (const [what, args, message] of USAGE) {
  Deno.test(`up refuses ${what} with exit code 2`, async () => {
    const { code, stdout, stderr } = await up(GOOD, ...args);
    assert.match(stderr, message);
    assert.deepEqual([code, stdout], [2, ""], stderr);
  });
}

Deno.test("a port that two services want is told without an engine", async () => {
  const { code, stderr } = await up({
    "compose.yaml": `services:
  a: { image: x, ports: ["127.0.0.1:8080:80"] }
  b: { image: x, ports: ["127.0.0.1:8080:81"] }
`,
  });
  assert.equal(code, 2, stderr);
  assert.match(stderr, /Cannot publish 127\.0\.0\.1:8080\/tcp for "b": "a" has it already/);
});

Deno.test("without an engine up fails with 1 and says where it looked; a plan is made all the same", async () => {
  const failed = await up(GOOD);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /Cannot find a container engine, tried:\n.*nonexistent/);
  const plan = await up(GOOD, "--plan");
  assert.equal(plan.code, 0, plan.stderr);
  assert.equal(
    plan.stdout,
    "STEP\tNAME\tACTION\tIMAGE\tORIGIN\tAFTER\n1\tweb\t?\t-\tnginx\t-\n1\tworker\t?\t-\tbusybox\t-\n" +
      "No engine answers, so what is there already is not known\n",
  );
});

const EXPORTS: readonly (readonly [string, string, RegExp])[] = [
  ["no default export", "export const a = 1;\n", /^m\.ts:1:1: error: It has no default export/m],
  ["a text", 'export default "shop";\n', /^m\.ts:1:1: error: The default .* it is "shop"$/m],
  ["nothing", "\n\nexport default undefined;", /^m\.ts:3:1: error: .*it is undefined/m],
  ["a class", "export default new Map();", /"specs" must be a list/],
  ["an unknown key", "export default { spec: [] };", /Unknown key "spec".*did you mean "specs"\?/],
  ["no specs", 'export default { name: "a" };', /"specs" must be a list of .*it is undefined/],
  ["nothing to run", "export default { specs: [] };", /"specs" is empty/],
  ["a bad name", 'export default { name: "A b", specs: [] };', /"name" must have small letters/],
  ["a bad spec", "export default { specs: [1, {}] };", /"specs\[0\]" must be made by.*number 1/],
  ["a bad option", "export default { specs: [], options: { network: {} } };", /"networks"\?/],
  [
    "a circle",
    `${HEAD}export default { specs: [container("a", "x", { dependsOn: ["b"] }), ` +
    `container("b", "x", { dependsOn: ["a"] })] };`,
    /^m\.ts:2:1: error: The dependencies go in a circle: a -> b -> a/m,
  ],
  [
    "what does not exist",
    `${HEAD}export default () => ({ specs: [container("a", "x", { dependsOn: ["b"] })] });`,
    /^m\.ts:2:1: error: "a" depends on "b", which does not exist/m,
  ],
  [
    "two of one name",
    `${HEAD}export default { specs: [container("a", "x"), container("a", "x")] };`,
    /Cannot add "a" to network ".*": the name is taken/,
  ],
  ["a throw", 'throw new Error("oh no");', /Cannot load "m\.ts": oh no \(.*m\.ts:1:7\)/],
  [
    "a function that throws",
    'export default () => { throw new Error("oh no"); };',
    /Cannot describe the network of "m\.ts": oh no \(.*m\.ts:1:\d+\)/,
  ],
  ["broken syntax", "export default {;", /Cannot load "m\.ts": .*m\.ts:1:17/s],
  ["a missing import", 'import "./nowhere.ts";', /Cannot load "m\.ts": .*nowhere\.ts/],
];

for (const [what, text, message] of EXPORTS) {
  Deno.test(`a module with ${what} is refused with exit code 2`, async () => {
    const { code, stderr } = await up({ "m.ts": text }, "m.ts");
    assert.match(stderr, message);
    assert.equal(code, 2, stderr);
  });
}

Deno.test("options of compose files are refused for a module", async () => {
  const { code, stderr } = await up({ "m.ts": "" }, "m.ts", "-f", "a.yaml", "--profile", "x");
  assert.equal(code, 2);
  assert.match(stderr, /Cannot use -f and --profile with the module "m\.ts"/);
});

Deno.test("a module may export what toNetwork gives, and may be a promise of a function", async () => {
  const text = `import { loadComposeProject, toNetwork } from "${LIB}compose/mod.ts";
export default async ({ directory, env }) => {
  if (env.DOCKER_HOST === undefined) throw new Error("no env");
  return toNetwork(await loadComposeProject({ cwd: directory }));
};
`;
  const { code, stdout, stderr } = await up({ ...GOOD, "m.ts": text }, "m.ts", "--plan", "--json");
  assert.equal(code, 0, stderr);
  const { nodes } = JSON.parse(stdout) as { readonly nodes: readonly { readonly name: string }[] };
  assert.deepEqual(nodes.map(({ name }) => name), ["web", "worker"]);
});
