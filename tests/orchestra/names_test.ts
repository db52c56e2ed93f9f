import assert from "node:assert/strict";
import {
  findBuild,
  loadConfiguration,
  mostSimilar,
  type OrchestraError,
  parseDependency,
  similarity,
} from "../../lib/orchestra/mod.ts";
import { Project } from "./_support.ts";

Deno.test("names that are not what they seem are warned about", async () => {
  await using project = await Project.create(`components:
  y: {builds: {x: {configure: c, install: i}}}
paths: {orchestra_rot: /x}
`);
  const log: string[] = [];
  const dotdir = project.path(".orchestra");
  await loadConfiguration({ dotdir, log: (level, message) => log.push(`${level} ${message}`) });
  assert.deepEqual(log, [
    "WARNING A name is read as true: names such as y, no, on or null must be quoted",
    "WARNING paths.orchestra_rot has no meaning, did you mean orchestra_root?",
  ]);
});

Deno.test("parseDependency() takes names with slashes, and nothing around them", () => {
  assert.deepEqual(parseDependency("lib/a-b_c@x/y"), {
    component: "lib/a-b_c",
    build: "x/y",
    exact: true,
    text: "lib/a-b_c@x/y",
  });
  for (const wrong of ["", "a@", "a b", "a@b@c", "a~b\n", "a.b"]) {
    assert.equal(parseDependency(wrong), undefined, wrong);
  }
});

Deno.test("similarity() is that of Python's difflib", () => {
  const cases: readonly [string, string, number][] = [
    ["zlob", "zlib", 75],
    ["abcd", "bcde", 75],
    ["qabxcd", "abycdf", 67],
    ["lib/ap", "lib/app", 92],
    ["x", "abc", 0],
    ["", "", 0],
  ];
  for (const [a, b, expected] of cases) assert.equal(similarity(a, b), expected, `${a} ${b}`);
  assert.equal(mostSimilar("zlibb", ["bzip2", "zlib", "zlib2"]), "zlib");
  assert.equal(mostSimilar("x", ["abc"]), undefined);
});

Deno.test("names that would have the same paths are refused, and located", async () => {
  await using project = await Project.create(`components:
  a/b: {builds: {x: {configure: c, install: i}}}
  a_b:
    builds:
      x/y: {configure: c, install: i}
      x_y: {configure: c, install: i}
`);
  const message = await project.load().then(() => "", (error: OrchestraError) => error.message);
  for (
    const part of [
      "The components a/b and a_b have the same paths: both are a_b there\n    in config/components.yml:3",
      "The builds x/y and x_y have the same paths: both are x_y there\n    in config/components.yml:6",
    ]
  ) assert.ok(message.includes(part), `${part}\nis not in\n${message}`);
});

Deno.test("findBuild() takes everything after the first @ as the build", async () => {
  await using project = await Project.create(`components:
  a b: {builds: {c@d: {configure: c, install: i}, e: {configure: c, install: i}}}
`);
  const configuration = await project.load();
  const target = (spec: string) => findBuild(configuration, spec).target;
  assert.deepEqual(target("a b@c@d"), { component: "a b", build: "c@d" });
  assert.deepEqual(target("a b@"), { component: "a b", build: "c@d" });
  assert.deepEqual(target("a b@e"), { component: "a b", build: "e" });
  assert.throws(() => target("a b@c@e"), /Build a b@c@e not found! Did you mean a b@c@d\?/);
});
