import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { type ServerScene, serveScene } from "./_server_scene.ts";

const SECRET = "a secret of both";
const COMMIT = "0123456789abcdef0123456789abcdef01234567";

function githubPush(more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    ref: "refs/heads/feature/x",
    after: COMMIT,
    repository: {
      clone_url: "https://github.com/team/shop.git",
      ssh_url: "git@github.com:team/shop.git",
    },
    ...more,
  });
}

async function github(
  scene: ServerScene,
  body: string,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  const response = await scene.ask("POST", "/hooks/github", body, {
    "x-github-event": "push",
    "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "x-hub-signature-256": `sha256=${signature}`,
    ...headers,
  });
  return { status: response.status, text: await response.text() };
}

async function gitlab(
  scene: ServerScene,
  body: string,
  headers: Record<string, string>,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await scene.ask("POST", "/hooks/gitlab", body, {
    "x-gitlab-event": "Push Hook",
    "x-gitlab-event-uuid": "e1",
    ...headers,
  });
  return { status: response.status, text: await response.text() };
}

Deno.test("a push to GitHub is built once, however often it is delivered", async () => {
  await using scene = await serveScene({ webhooks: { githubSecret: SECRET }, tokens: ["t"] });
  assert.equal((await github(scene, githubPush())).status, 201);
  assert.equal((await github(scene, githubPush())).status, 200);
  const [build, ...others] = scene.ledger.list();
  assert.equal(others.length, 0);
  const { submitted_at: _at, ...job } = build!.job;
  assert.deepEqual(job, {
    v: 1,
    id: "github-72d3162e-cc78-11e3-81ab-4c9367dc0958",
    repo: "https://github.com/team/shop.git",
    branch: "feature/x",
    commit: COMMIT,
  });
  const tag = githubPush({ ref: "refs/tags/v1.2" });
  assert.equal((await github(scene, tag, { "x-github-delivery": "d2" })).status, 201);
  assert.deepEqual(scene.ledger.get("github-d2")!.job.env, { BUILDR_TAG: "v1.2" });
});

Deno.test("what GitHub says otherwise is ignored or refused, with a reason", async () => {
  await using scene = await serveScene({
    webhooks: { githubSecret: SECRET, repositories: ["https://github.com/team/**"] },
  });
  const ask = async (body: string, headers: Record<string, string> = {}) => {
    const { status, text } = await github(scene, body, headers);
    return `${status} ${text}`;
  };
  assert.match(await ask(githubPush(), { "x-github-event": "ping" }), /^200 .*ping/);
  assert.match(await ask(githubPush(), { "x-github-event": "issues" }), /^200 .*not a push/);
  assert.match(await ask(githubPush({ after: "0".repeat(40) })), /^200 .*deleted/);
  assert.match(await ask(githubPush({ ref: "refs/notes/x" })), /^200 .*neither/);
  assert.match(await ask(githubPush(), { "x-hub-signature-256": "sha256=00" }), /^401/);
  assert.match(await ask(githubPush(), { "x-hub-signature-256": "" }), /^401/);
  assert.match(await ask("{"), /^400/);
  assert.match(await ask("[]"), /^400/);
  assert.match(await ask(githubPush(), { "x-github-delivery": "../x" }), /^400/);
  assert.match(await ask(githubPush(), { "content-type": "text/plain" }), /^415/);
  const other = githubPush({ repository: { clone_url: "https://github.com/evil/shop.git" } });
  assert.match(await ask(other), /^403 .*not allowed/);
  const hostile = githubPush({ repository: { clone_url: "ext::id" } });
  assert.match(await ask(hostile), /^403/);
  assert.match(await ask(githubPush({ ref: "refs/heads/-x" })), /^400 .*hyphen/);
  assert.match(await ask(githubPush({ after: "zz" })), /^400 .*hexadecimal/);
  assert.equal(scene.ledger.list().length, 0);
  assert.equal((await gitlab(scene, "{}", { "x-gitlab-token": "" })).status, 404);
});

const PUSH = JSON.stringify({
  ref: "refs/heads/main",
  after: COMMIT,
  checkout_sha: COMMIT,
  project: {
    git_http_url: "https://gitlab.com/team/shop.git",
    git_ssh_url: "git@gitlab.com:team/shop.git",
  },
});

Deno.test("a push to GitLab is built with its secret token, and only with that", async () => {
  await using scene = await serveScene({ webhooks: { gitlabSecret: SECRET, clone: "ssh" } });
  assert.equal((await gitlab(scene, PUSH, { "x-gitlab-token": "x" })).status, 401);
  assert.equal((await gitlab(scene, PUSH, {})).status, 401);
  assert.equal((await gitlab(scene, PUSH, { "x-gitlab-token": SECRET })).status, 201);
  assert.equal((await gitlab(scene, PUSH, { "x-gitlab-token": SECRET })).status, 200);
  assert.equal(scene.ledger.get("gitlab-e1")!.job.repo, "git@gitlab.com:team/shop.git");
  const tag = JSON.parse(PUSH);
  tag.ref = "refs/tags/v2";
  tag.after = "f".repeat(40);
  const answer = await gitlab(scene, JSON.stringify(tag), {
    "x-gitlab-token": SECRET,
    "x-gitlab-event": "Tag Push Hook",
    "x-gitlab-event-uuid": "e2",
  });
  assert.equal(answer.status, 201);
  // Of a tag with a message `after` is no commit.
  assert.equal(scene.ledger.get("gitlab-e2")!.job.commit, COMMIT);
  assert.equal((await github(scene, githubPush())).status, 404);
});

Deno.test("a signed message of GitLab is taken while it is new", async () => {
  const key = new Uint8Array(32).fill(7);
  const secret = `whsec_${key.toBase64()}`;
  await using scene = await serveScene({ webhooks: { gitlabSecret: secret } });
  const send = (time: number, signed = PUSH) => {
    const id = `m${time}`;
    const signature = createHmac("sha256", key).update(`${id}.${time}.${signed}`).digest("base64");
    return gitlab(scene, PUSH, {
      "webhook-id": id,
      "webhook-timestamp": String(time),
      "webhook-signature": `v1,AAAA v1,${signature}`,
    });
  };
  const now = Math.floor(Date.now() / 1_000);
  assert.equal((await send(now)).status, 201);
  assert.equal((await send(now, `${PUSH} `)).status, 401);
  assert.equal((await send(now - 3_600)).status, 401);
  assert.equal(scene.ledger.list().length, 1);
});
