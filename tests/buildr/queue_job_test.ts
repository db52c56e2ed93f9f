import assert from "node:assert/strict";
import {
  type BuildJob,
  isBuildJob,
  JobRefusedError,
  MAX_JOB_BYTES,
  parseJob,
} from "../../lib/buildr/queue/job.ts";
import { branchProblem, repositoryProblem } from "../../lib/buildr/queue/repository.ts";

const JOB: BuildJob = { v: 1, id: "b-1", repo: "https://example.org/x.git", submitted_at: 1 };

Deno.test("parseJob() takes what the first program's users send, and other keys with it", () => {
  const job = parseJob('{"repo": "https://example.org/x.git", "branch": "main", "who": "me"}');
  assert.deepEqual(job, { repo: "https://example.org/x.git", branch: "main" });
  assert.ok(!isBuildJob(job));
});

Deno.test("parseJob() reads a whole job back as it was written", () => {
  const whole: BuildJob = {
    ...JOB,
    branch: "release/1.x",
    commit: "0123abc",
    path: "services/shop",
    stages: ["build", "test"],
    tags: ["arm64", "deploy"],
    env: { A: "1", B: "" },
    priority: 9,
    timeout: 3600,
    max_attempts: 1,
    concurrency: "deploy-prod",
  };
  assert.deepEqual(parseJob(new TextEncoder().encode(JSON.stringify(whole))), whole);
});

const REFUSED: readonly (readonly [string, string | Uint8Array, readonly RegExp[]])[] = [
  ["no JSON", "{", [/it is not JSON/]],
  ["no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), [/it is not JSON/]],
  ["a list", "[]", [/it is \[\], and an object is wanted/]],
  ["null", "null", [/it is null/]],
  ["nothing", "{}", [/"repo" is missing/]],
  ["too much", `"${"x".repeat(MAX_JOB_BYTES)}"`, [/more than 262144 bytes/]],
  ["an unknown version", '{"v": 2, "id": "x", "future": []}', [/"v" is 2, .* knows version 1/]],
  ["an id without a version", '{"id": "x", "repo": "y"}', [/"v" is missing/]],
  [
    "many mistakes",
    JSON.stringify({
      ...JOB,
      id: "../etc",
      branch: "-x",
      commit: "HEAD",
      path: "../..",
      stages: [1],
      tags: ["a b"],
      env: { "1X": "y", Z: 3 },
      priority: 10,
      timeout: 0.5,
      max_attempts: "3",
      shell: "rm",
    }),
    [
      /^"id" is not 1 to 64 of .*: "\.\.\/etc"$/,
      /^"branch" begins with a hyphen, as options do: "-x"$/,
      /^"commit" is not 7 to 64 hexadecimal digits: "HEAD"$/,
      /^"path" is not a path inside of the repository: "\.\.\/\.\."$/,
      /^"stages" has 1, not a text$/,
      /^"tags" is not letters and digits: "a b"$/,
      /^"env" has the name "1X"$/,
      /^"env\.Z" is 3, not a text$/,
      /^"priority" is 10, not a whole number from 0 to 9$/,
      /^"timeout" is 0\.5, not a whole number/,
      /^"max_attempts" is "3", not a whole number/,
      /^"shell" is not known$/,
    ],
  ],
];

for (const [name, content, problems] of REFUSED) {
  Deno.test(`parseJob() refuses ${name}, with every mistake`, () => {
    assert.throws(() => parseJob(content), (error: unknown) => {
      assert.ok(error instanceof JobRefusedError);
      assert.equal(error.problems.length, problems.length, error.message);
      problems.forEach((problem, index) => assert.match(error.problems[index]!, problem));
      return true;
    });
  });
}

const REPOSITORIES: Readonly<Record<string, RegExp | undefined>> = {
  "https://example.org/x.git": undefined,
  "https://user:token@example.org:8443/x": undefined,
  "http://[::1]:3000/x.git": undefined,
  "ssh://git@example.org:2222/x.git": undefined,
  "git://example.org/x": undefined,
  "git@example.org:group/x.git": undefined,
  "example.org:x.git": undefined,
  "file:///srv/git/x.git": undefined,
  "/srv/git": undefined,
  "/srv/git/x": undefined,
  "": /empty/,
  "-uupload-pack": /hyphen/,
  "--upload-pack=touch /tmp/x": /white space/,
  "ext::sh": /transport "ext"/,
  "fd::17": /transport "fd"/,
  "ssh://-oProxyCommand=touch@h/x": /hyphen/,
  "ssh://x@-oProxyCommand=y/x": /hyphen/,
  "-oProxyCommand@host:x": /hyphen/,
  "user@-host:x": /hyphen/,
  "host:-x": /hyphen/,
  "ftp://example.org/x": /scheme "ftp"/,
  "javascript:alert(1)": undefined, // a host of that name, for scp
  "https://": /not a valid URL/,
  "https:///x": /names no host/,
  "x": /neither a URL/,
  "../x": /neither a URL/,
  "./x:y": /neither a URL/,
  "/srv/github/x": /not below/,
  "/srv/git/../../etc": /without \.\./,
  "file:///srv/git/../../etc/x": /without \.\./,
  "file:///srv/git/%2e%2e/%2e%2e/etc": /without \.\./,
  "file://host/srv/git/x": /no host/,
  "file:///etc": /not below/,
  "https://exa mple.org": /white space/,
  "https://example.org/\u0000": /control/,
  [`https://example.org/${"x".repeat(3000)}`]: /3020 characters/,
};

for (const [repo, problem] of Object.entries(REPOSITORIES)) {
  const verb = problem === undefined ? "takes" : "refuses";
  Deno.test(`repositoryProblem() ${verb} ${JSON.stringify(repo.slice(0, 60))}`, () => {
    const found = repositoryProblem(repo, { allowedPaths: ["/srv/git/"] });
    if (problem === undefined) assert.equal(found, undefined);
    else assert.match(found ?? "taken", problem);
  });
}

Deno.test("repositoryProblem() takes no path at all unless one is allowed", () => {
  assert.match(repositoryProblem("/srv/git/x") ?? "", /no path/);
  assert.match(repositoryProblem("file:///srv/git/x") ?? "", /no path/);
});

Deno.test("repositoryProblem() asks only the hosts that are allowed", () => {
  const policy = { allowedHosts: ["git.example.org", "*.corp.example"] };
  assert.equal(repositoryProblem("git@GIT.example.org:x", policy), undefined);
  assert.equal(repositoryProblem("https://a.b.corp.example:1/x", policy), undefined);
  assert.match(repositoryProblem("https://corp.example/x", policy) ?? "", /not allowed/);
  assert.match(repositoryProblem("https://evilcorp.example/x", policy) ?? "", /not allowed/);
  assert.match(repositoryProblem("https://git.example.org@evil/x", policy) ?? "", /"evil"/);
});

Deno.test("branchProblem() agrees with git check-ref-format --branch", async () => {
  const names = [
    ..."main|release/1.x|a.b|a@b|ünï|x.lock|a/.b|a..b|a b|a~b|a^b|a:b|a?b|a*b|a[b|a\\b|-x|@".split(
      "|",
    ),
    "a@{b",
    "a/",
    "/a",
    "a//b",
    "a.",
    "a.lock/b",
    "x\u007f",
  ];
  for (const name of names) {
    const { code } = await new Deno.Command("git", {
      args: ["check-ref-format", `refs/heads/${name}`],
    }).output();
    const expected = code === 0 && !name.startsWith("-") && name !== "@";
    assert.equal(branchProblem(name) === undefined, expected, JSON.stringify(name));
  }
});
