import assert from "node:assert/strict";
import { githubAnnotations, junitXml, resultRows, type RunResult } from "../../lib/buildr/mod.ts";

const RESULT: RunResult = {
  run: "0123456789abcdef",
  status: "failed",
  exitCode: 1,
  startedAt: "2026-01-02T03:04:05.678Z",
  wallMs: 61_234,
  nodes: [
    { id: "a", stage: "a", status: "passed", exitCode: 0, attempts: 1, queuedMs: 0, wallMs: 1234 },
    {
      id: "b[x=1,y=<2>]",
      stage: "b",
      row: { x: "1", y: "<2>" },
      status: "failed",
      exitCode: 7,
      attempts: 2,
      queuedMs: 5,
      wallMs: 60_000,
      failure: {
        cause: "script",
        message: "exit code 7",
        command: 'echo "100%"',
        where: "dir, one/.buildr.yml:3:9",
        exitCode: 7,
        lastLines: ["<&>\u0000\ud800\u001b[31m", "]]>"],
      },
    },
    {
      id: "c",
      stage: "c",
      status: "skipped",
      reason: '"b" failed',
      attempts: 0,
      queuedMs: 0,
      wallMs: 0,
    },
    {
      id: "d",
      stage: "d",
      status: "allowed",
      attempts: 1,
      queuedMs: 0,
      wallMs: 1,
      failure: { cause: "timeout", message: "not done within 1 s", lastLines: [] },
    },
    {
      id: "e",
      stage: "e",
      status: "error",
      attempts: 1,
      queuedMs: 0,
      wallMs: 1,
      failure: { cause: "system", message: "no engine\nat all", lastLines: [] },
    },
  ],
};

Deno.test("a JUnit file has a case for each stage, and nothing that XML does not allow", () => {
  assert.equal(
    junitXml(RESULT, "my & project"),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="5" failures="1" errors="1" skipped="1" time="61.234">
  <testsuite name="my &amp; project" timestamp="2026-01-02T03:04:05Z" tests="5" failures="1" errors="1" skipped="1" time="61.234">
    <testcase name="a" classname="my &amp; project" time="1.234"/>
    <testcase name="b[x=1,y=&lt;2&gt;]" classname="my &amp; project" time="60.000">
      <failure type="script" message="exit code 7">dir, one/.buildr.yml:3:9: echo &quot;100%&quot;&#10;&lt;&amp;&gt;\ufffd\ufffd\ufffd[31m&#10;]]&gt;</failure>
    </testcase>
    <testcase name="c" classname="my &amp; project" time="0.000">
      <skipped message="&quot;b&quot; failed"/>
    </testcase>
    <testcase name="d" classname="my &amp; project" time="0.001">
      <system-out>failed, which is allowed: not done within 1 s&#10;</system-out>
    </testcase>
    <testcase name="e" classname="my &amp; project" time="0.001">
      <error type="system" message="no engine"></error>
    </testcase>
  </testsuite>
</testsuites>
`,
  );
});

Deno.test("annotations of GitHub Actions are at the line of the manifest, one line each", () => {
  assert.equal(
    githubAnnotations({ ...RESULT, nodes: RESULT.nodes.slice(1, 4) }),
    "::error file=dir%2C one/.buildr.yml,line=3,col=9,title=b[x=1%2Cy=<2>]%3A exit code 7::" +
      'echo "100%25": exit code 7%0A<&>\u0000\ud800\u001b[31m%0A]]>\n' +
      "::warning title=d%3A not done within 1 s::not done within 1 s\n",
  );
});

Deno.test("the table of a run has times that people read", () => {
  assert.deepEqual(resultRows(RESULT.nodes.slice(0, 3)), [
    ["a", "passed", "1.2s", "0s", "1", "0"],
    ["b[x=1,y=<2>]", "failed", "1m0s", "5ms", "2", "7"],
    ["c", 'skipped: "b" failed', "-", "-", "-", "-"],
  ]);
});
