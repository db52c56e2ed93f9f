import assert from "node:assert/strict";
import { command } from "../../lib/commands/mod.ts";
import {
  container,
  type Dependencies,
  GraphError,
  hostCommand,
  type NodeSpec,
} from "../../lib/containers/mod.ts";
import { checkGraph, withDependencies } from "../../lib/containers/graph.ts";

function graph(nodes: Readonly<Record<string, Dependencies>>): Map<string, NodeSpec> {
  return new Map(
    Object.entries(nodes).map(([name, dependsOn]) => [name, container(name, "x", { dependsOn })]),
  );
}

function problemsOf(specs: ReadonlyMap<string, NodeSpec>): readonly string[] {
  try {
    checkGraph("net", specs);
    return [];
  } catch (error) {
    assert.ok(error instanceof GraphError);
    return error.problems;
  }
}

Deno.test("a graph without mistakes passes", () => {
  assert.deepEqual(problemsOf(graph({ a: [], b: ["a"], c: { a: "healthy", b: "completed" } })), []);
  assert.deepEqual(problemsOf(new Map()), []);
});

Deno.test("all mistakes are told at once", () => {
  const specs = graph({ a: ["nobody", "b"], b: { c: "healthy" }, c: ["b"] });
  specs.set("h", hostCommand("h", command("true"), { dependsOn: { a: { port: 1 } } }));
  specs.set("d", container("d", "x", { dependsOn: { h: "healthy" } }));
  assert.deepEqual(problemsOf(specs), [
    '"a" depends on "nobody", which does not exist',
    '"d" waits for "h" to be healthy, but a host command has no health check',
    "the dependencies go in a circle: b -> c -> b",
  ]);
});

Deno.test("one that depends on itself is a circle", () => {
  assert.deepEqual(problemsOf(graph({ a: ["a"] })), [
    "the dependencies go in a circle: a -> a",
  ]);
});

Deno.test("who is to be run in a circle is found too, so that the circle can be told", () => {
  assert.deepEqual(withDependencies(["a"], graph({ a: ["a"] })), ["a"]);
  assert.deepEqual(withDependencies(["a"], graph({ a: ["b"], b: ["c"], c: ["a"] })), [
    "c",
    "b",
    "a",
  ]);
});

Deno.test("conditions that can never hold, or are none, are mistakes of the graph", () => {
  const problems = (condition: unknown) =>
    problemsOf(graph({ a: {}, b: { a: condition } as Dependencies }));
  for (
    const good of [
      "started",
      { log: "ready" },
      { log: /(re)?ady/g, times: 3 },
      { port: 80 },
      { http: { port: 80, body: "ok" } },
      { exec: ["true"] },
      { file: "/ready" },
    ]
  ) {
    assert.deepEqual(problems(good), [], JSON.stringify(good));
  }
  const one = (condition: unknown) => {
    const [problem, ...more] = problems(condition);
    assert.deepEqual(more, []);
    return problem;
  };
  assert.equal(
    one("helthy"),
    '"b" waits for "a": "helthy" is no condition: started, healthy, completed, or an object',
  );
  assert.equal(
    one({ prt: 80 }),
    '"b" waits for "a": a condition has one of log, port, http, exec, file, this one has "prt"',
  );
  assert.match(one({ log: "((" })!, /^"b" waits for "a": Invalid regular expression/);
  assert.match(one({ http: { port: 80, body: "((" } })!, /Invalid regular expression/);
  assert.match(one({ log: "x", times: 0 })!, /"times" must be 1 or more/);
  assert.match(one({ port: 70_000 })!, /port 70000 must be between 1 and 65535/);
  assert.match(one({ http: { port: NaN } })!, /port NaN must be/);
  assert.match(one({ exec: [] })!, /no program/);
  assert.match(one(null)!, /null is no condition/);
});

Deno.test("sharing namespaces is a dependency, except on a container of somebody else", () => {
  const specs = new Map<string, NodeSpec>([
    ["a", container("a", "x", { pid: "container:b", ipc: "container:stranger" })],
    ["b", container("b", "x")],
  ]);
  assert.deepEqual(problemsOf(specs), []);
  assert.deepEqual(withDependencies(["a"], specs), ["b", "a"]);
  specs.set("b", container("b", "x", { dependsOn: ["a"] }));
  assert.deepEqual(problemsOf(specs), ["the dependencies go in a circle: a -> b -> a"]);
});

Deno.test("a long chain and a wide fan are no circles, and take no time", () => {
  const nodes: Record<string, readonly string[]> = {};
  for (let index = 0; index < 2_000; index++) {
    nodes[`n${index}`] = [1, 2, 3].map((step) => index - step).filter((one) => one >= 0)
      .map((one) => `n${one}`);
  }
  const specs = graph(nodes);
  assert.deepEqual(problemsOf(specs), []);
  const order = withDependencies(["n1999"], specs);
  assert.deepEqual(order, Array.from({ length: 2_000 }, (_, index) => `n${index}`));
});

Deno.test("dependencies come first, each once", () => {
  const specs = graph({ web: ["app", "cache"], app: { db: "healthy" }, cache: [], db: ["cache"] });
  assert.deepEqual(withDependencies(["web"], specs), ["cache", "db", "app", "web"]);
  assert.deepEqual(withDependencies(["cache", "app"], specs), ["cache", "db", "app"]);
  assert.deepEqual(withDependencies([], specs), []);
});

Deno.test("names are those that a container and a file can have", () => {
  for (const name of ["", ".", "-a", "a/b", "a b", "ä", "a".repeat(64), "a\n"]) {
    assert.throws(() => container(name, "x"), TypeError, name);
    assert.throws(() => hostCommand(name, command("true")), TypeError, name);
  }
  for (const name of ["a", "0", "a.b-c_d", "A".repeat(63)]) {
    assert.equal(container(name, "x").name, name);
  }
});
