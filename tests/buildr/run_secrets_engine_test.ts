// gate-timeout: 300 s

import assert from "node:assert/strict";
import { generateKeyPair, writeIdentity } from "../../lib/buildr/secrets/identity.ts";
import { seal } from "../../lib/buildr/secrets/envelope.ts";
import { IMAGE, projectTest } from "./_project.ts";

const VALUE = "s3cr3t-value-of-the-token";

/** A manifest with a secret for one stage, and the key for it. */
async function sealed(home: string): Promise<{ readonly secrets: string; readonly key: string }> {
  const pair = await generateKeyPair();
  const key = `${home}/key.txt`;
  await writeIdentity(key, pair, Date.now());
  const ciphertext = await seal(VALUE, { name: "TOKEN", scope: "", recipients: [pair.recipient] });
  return {
    key,
    secrets: `recipients: [${pair.recipient}]\nsecrets: { TOKEN: { age: "${ciphertext}" } }`,
  };
}

projectTest(
  "a secret is in the stage that lists it, and nowhere in what anybody can read",
  {},
  async (project) => {
    const { secrets, key } = await sealed(project.home);
    await project.write(
      ".buildr.yml",
      `version: 2
image: ${IMAGE}
${secrets}
stages: [with, without, fails]
with:
  secrets: [TOKEN]
  script:
    - echo "whole $TOKEN"
    - echo "$TOKEN" | cut -c-10 | tr -d '\\n'; sleep 0.2; echo "$TOKEN" | cut -c11-
    - printf %s "$TOKEN" | base64
    - printf 'length %s\\n' "\${#TOKEN}"
without: { script: ['echo "none [$TOKEN]"'] }
fails: { secrets: [TOKEN], script: ['echo "$TOKEN" >&2; exit 1'] }
`,
    );
    const env = { BUILDR_AGE_KEY_FILE: key };
    const logs = `${project.home}/logs`;
    const ran = await project.buildr([
      "-d",
      "--log-dir",
      logs,
      "--junit",
      `${logs}/junit.xml`,
      "--github",
    ], { env });
    assert.equal(ran.code, 1, ran.stderr);
    assert.match(ran.stdout, new RegExp(`length ${VALUE.length}`));
    assert.match(ran.stdout, /none \[\]/);
    const json = await project.buildr(["--json"], { env });
    const dry = await project.buildr(["--dry-run", "--json"], { env });
    assert.match(dry.stdout, /"TOKEN"/);
    const shown = [ran.stdout, ran.stderr, json.stdout, json.stderr, dry.stdout];
    for await (const { name } of Deno.readDir(logs)) {
      shown.push(await Deno.readTextFile(`${logs}/${name}`));
    }
    assert.ok(shown.length > 8);
    for (const text of shown) {
      assert.ok(!text.includes(VALUE), text);
      assert.ok(!text.includes(btoa(VALUE)), text);
      assert.ok(!text.includes("lue-of-the-token"), text);
    }
  },
);

projectTest("no inspect of the container shows a secret", {}, async (project) => {
  const { secrets, key } = await sealed(project.home);
  await project.write(
    ".buildr.yml",
    `version: 2
image: ${IMAGE}
${secrets}
stages: [a]
a: { secrets: [TOKEN], script: [echo begun, sleep 2] }
`,
  );
  const running = project.buildr([], { env: { BUILDR_AGE_KEY_FILE: key } });
  let text = "";
  while (!text.includes('"ExecIDs":["')) {
    const [id] = await project.containerIds();
    if (id === undefined) continue;
    const inspect = await project.engine.containers.inspect(id) as unknown as {
      ExecIDs?: string[];
    };
    text = JSON.stringify(inspect);
    for (const exec of inspect.ExecIDs ?? []) {
      text += JSON.stringify(
        await project.engine.json({ method: "GET", path: `/exec/${exec}/json` }),
      );
    }
  }
  assert.ok(!text.includes(VALUE));
  assert.equal((await running).code, 0);
});

projectTest("a secret as a file is in memory, for its stage alone", {}, async (project) => {
  await project.write(
    ".buildr.yml",
    `version: 2
image: ${IMAGE}
secrets: { CONFIG: { env: GIVEN, as: file } }
stages: [a, b]
a: { secrets: [CONFIG], script: ['wc -c < "$CONFIG"; stat -f -c %T "$CONFIG"; echo "$CONFIG" > where'] }
b: { script: ['[ ! -e "$(cat where)" ] && echo gone'] }
`,
  );
  const { code, stdout, stderr } = await project.buildr([], { env: { GIVEN: "content" } });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "7\ntmpfs\ngone\n");
});

projectTest(
  "a missing identity or value ends with 2 before any container is made",
  {},
  async (project) => {
    const { secrets } = await sealed(project.home);
    await project.write(
      ".buildr.yml",
      `version: 2\nimage: ${IMAGE}\n${secrets}\nstages: [a]\na: { secrets: [TOKEN], script: [echo A] }\n`,
    );
    const ran = await project.buildr([], { env: { HOME: project.home, BUILDR_AGE_KEY_FILE: "" } });
    assert.equal(ran.code, 2, ran.stderr);
    assert.equal(ran.stdout, "");
    assert.match(ran.stderr, /identity/i);
    await project.write("values.env", `TOKEN=${VALUE}\n`);
    const given = await project.buildr(["--secret-file", "values.env"], {
      env: { HOME: project.home },
    });
    assert.equal(given.code, 0, given.stderr);
    await project.write("values.env", "TOKNE=x\n");
    assert.equal((await project.buildr(["--secret-file", "values.env"])).code, 2);
  },
);

projectTest(
  "prepare with secrets leaves no image behind, and stages on their own run it again",
  {},
  async (project) => {
    await project.write(
      ".buildr.yml",
      `version: 2
image: ${IMAGE}
secrets: { TOKEN: { env: GIVEN } }
stages: [a, b]
prepare: { secrets: [TOKEN], script: ['echo "$TOKEN" > /token'] }
a: { needs: [], isolated: true, script: [wc -c /token] }
b: { needs: [], isolated: true, script: [wc -c /token] }
`,
    );
    const { code, stdout, stderr } = await project.buildr([], {
      env: { GIVEN: "a-secret-of-19-char" },
    });
    assert.equal(code, 0, stderr);
    assert.equal(stdout.match(/20 \/token/g)?.length, 2);
    await project.nothingLeft();
  },
);
