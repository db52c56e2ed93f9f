import assert from "node:assert/strict";
import {
  findIdentities,
  generateKeyPair,
  loadManifest,
  open,
  openSecrets,
  rotateSecrets,
  seal,
  SecretError,
  setSecrets,
} from "../../lib/buildr/mod.ts";
import { setSecretTexts } from "../../lib/buildr/secrets/edit_manifest.ts";
import { debianFiles } from "../support/debian_packages.ts";

const MAIN = new URL("../../cli/main.ts", import.meta.url).pathname;

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "superorch-buildr-" }));
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function withInput(
  program: string,
  args: readonly string[],
  input: string | Uint8Array,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly stdout: Uint8Array; readonly stderr: string }> {
  const child = new Deno.Command(program, {
    args: [...args],
    env: { ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input)
    .catch(() => {}); // it may have ended already, which its exit code tells
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  return { code, stdout, stderr: new TextDecoder().decode(stderr) };
}

function secret(
  args: readonly string[],
  input: string | Uint8Array,
  env: Readonly<Record<string, string>>,
) {
  return withInput(Deno.execPath(), ["run", "-A", MAIN, "buildr", "secret", ...args], input, env);
}

async function problemOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SecretError) return error.problem;
    throw error;
  }
  return "none";
}

const age = await debianFiles({ packages: ["age"] });

Deno.test({
  name: "the program age reads what seal() writes, and open() reads what the program writes",
  ignore: age.skip !== undefined,
  fn: async () => {
    await withDirectory(async (directory) => {
      const program = `${age.root}/usr/bin/age`;
      const keygen = `${age.root}/usr/bin/age-keygen`;
      const key = `${directory}/key.txt`;
      assert.equal((await withInput(keygen, ["-o", key], "")).code, 0);
      const found = await findIdentities({ env: { BUILDR_AGE_KEY_FILE: key } });
      const recipient = /public key: (age1\w+)/.exec(await Deno.readTextFile(key))![1]!;
      const identities = found!.keys;
      const sealed = await seal("pässword\n", { name: "A", recipients: [recipient] });
      const ours = await withInput(program, ["-d", "-i", key], Uint8Array.fromBase64(sealed));
      assert.deepEqual(JSON.parse(new TextDecoder().decode(ours.stdout)), {
        v: 1,
        name: "A",
        scope: "",
        value: "pässword\n",
      });
      const envelope = JSON.stringify({ v: 1, name: "B", scope: "", value: "theirs" });
      const armored = await withInput(program, ["-a", "-r", recipient], envelope);
      const text = new TextDecoder().decode(armored.stdout);
      assert.equal(await open(text, { name: "B", identities }), "theirs");
      const binary = (await withInput(program, ["-r", recipient], envelope)).stdout;
      assert.equal(await open(binary.toBase64(), { name: "B", identities }), "theirs");
      const bare = (await withInput(program, ["-r", recipient], "no envelope")).stdout;
      assert.equal(await problemOf(open(bare.toBase64(), { name: "B", identities })), "damaged");
    });
  },
});

Deno.test("a ciphertext is of no use under another name, in another project or for other keys", async () => {
  const [mine, other] = [await generateKeyPair(), await generateKeyPair()];
  const identities = [mine.identity];
  const recipients = [mine.recipient];
  const text = await seal("value", { name: "A", scope: "shop", recipients });
  assert.equal(await open(text, { name: "A", scope: "shop", identities }), "value");
  // The last letter of a key may be any of 32.
  const damaged = mine.identity.slice(0, -1) + (mine.identity.endsWith("X") ? "Q" : "X");
  const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["other-name", () => open(text, { name: "B", scope: "shop", identities })],
    ["other-name", () => open(text, { name: "A", scope: "bank", identities })],
    ["other-name", () => open(text, { name: "A", identities })],
    [
      "not-a-recipient",
      () => open(text, { name: "A", scope: "shop", identities: [other.identity] }),
    ],
    ["damaged", () => open("%%%", { name: "A", identities })],
    ["damaged", () => open("aGVsbG8=", { name: "A", identities })],
    [
      "damaged",
      () => open(`${text.slice(0, -24)}AAAA${text.slice(-20)}`, { name: "A", identities }),
    ],
    [
      "bad-identity",
      () => open(text, { name: "A", identities: [damaged] }),
    ],
    ["bad-recipient", () => seal("x", { name: "A", recipients: ["age1nonsense"] })],
    ["bad-recipient", () => seal("x", { name: "A", recipients: [] })],
  ];
  for (const [problem, run] of cases) assert.equal(await problemOf(run()), problem);
});

Deno.test("identities are taken from the first place that has one", async () => {
  await withDirectory(async (directory) => {
    const pairs = await Promise.all([generateKeyPair(), generateKeyPair(), generateKeyPair()]);
    await Deno.mkdir(`${directory}/.config/buildr`, { recursive: true });
    await Deno.writeTextFile(`${directory}/named`, `# comment\n\n${pairs[1].identity}\n`);
    await Deno.writeTextFile(`${directory}/.config/buildr/key.txt`, pairs[2].identity);
    const home = { HOME: directory };
    const named = { ...home, BUILDR_AGE_KEY_FILE: `${directory}/named` };
    const all = { ...named, BUILDR_AGE_KEY: pairs[0].identity };
    assert.deepEqual((await findIdentities({ env: all }))?.keys, [pairs[0].identity]);
    assert.deepEqual((await findIdentities({ env: named }))?.keys, [pairs[1].identity]);
    assert.deepEqual((await findIdentities({ env: home }))?.keys, [pairs[2].identity]);
    assert.equal(await findIdentities({ env: { HOME: `${directory}/none` } }), undefined);
    const gone = { BUILDR_AGE_KEY_FILE: `${directory}/gone` };
    assert.equal(await problemOf(findIdentities({ env: gone })), "no-identity");
    assert.equal(await problemOf(findIdentities({ env: { BUILDR_AGE_KEY: "x" } })), "bad-identity");
  });
});

/** Texts of manifests, and what they are with a secret T; `@` is the ciphertext. */
const EDITS: readonly (readonly [string, string, string])[] = [
  [
    "a new one after the others, comments stay",
    "# top\nversion: 2   # two\nsecrets: # mine\n  A: { env: B } # a\n\n  # between\nstages: [x] # s\nx: {script: y}\n",
    "# top\nversion: 2   # two\nsecrets: # mine\n  A: { env: B } # a\n  T: { age: @ }\n\n  # between\nstages: [x] # s\nx: {script: y}\n",
  ],
  [
    "an old one in its place, its quotes stay",
    'version: 2\nsecrets:\n    T: # here\n        as: file\n        age: "old"   # was\n    U: {env: V}\n',
    'version: 2\nsecrets:\n    T: # here\n        as: file\n        age: "@"   # was\n    U: {env: V}\n',
  ],
  [
    "an old one in braces",
    "version: 2\nsecrets: { A: { env: B }, T: { age: 'o''ld', as: file } }\n",
    "version: 2\nsecrets: { A: { env: B }, T: { age: '@', as: file } }\n",
  ],
  [
    "an armored one becomes a line",
    "version: 2\nsecrets:\n  T:\n    age: |\n      -----BEGIN AGE ENCRYPTED FILE-----\n      YWdl\n      -----END AGE ENCRYPTED FILE-----\n  U: {env: V}\n",
    "version: 2\nsecrets:\n  T:\n    age: @\n  U: {env: V}\n",
  ],
  [
    "a new one in braces",
    "version: 2\nsecrets: {\n  A: { env: B }, # a }\n  }\nstages: []\n",
    "version: 2\nsecrets: {\n  A: { env: B }, T: { age: @ }, # a }\n  }\nstages: []\n",
  ],
  [
    "the first one in braces",
    "version: 2\nsecrets: {}\n",
    "version: 2\nsecrets: { T: { age: @ } }\n",
  ],
  [
    "the first one below an empty key",
    "version: 2\nsecrets: # none yet\nstages: []",
    "version: 2\nsecrets: # none yet\n  T: { age: @ }\nstages: []",
  ],
  [
    "no secrets, but recipients",
    "version: 2\nrecipients:\n  - age1a # me\n  - age1b # you\n# stages\nstages: []\n",
    "version: 2\nrecipients:\n  - age1a # me\n  - age1b # you\nsecrets:\n  T: { age: @ }\n# stages\nstages: []\n",
  ],
  [
    "at the end of the file",
    "version: 2\nstages: []",
    "version: 2\nstages: []\nsecrets:\n  T: { age: @ }\n",
  ],
  [
    "line ends of Windows",
    "version: 2\r\nsecrets:\r\n  A: {env: B}\r\nstages: []\r\n",
    "version: 2\r\nsecrets:\r\n  A: {env: B}\r\n  T: { age: @ }\r\nstages: []\r\n",
  ],
  [
    "a manifest in JSON",
    '{"version": 2, "secrets": {"A": {"env": "B"}}, "stages": []}',
    '{"version": 2, "secrets": {"A": {"env": "B"}, T: { age: @ }}, "stages": []}',
  ],
];

for (const [name, before, after] of EDITS) {
  Deno.test(`a secret is written into a manifest: ${name}`, async () => {
    // Some ciphertexts end with "=", and all contain "+" or "/" sooner or later.
    for (const ciphertext of ["YWdl+/YWdl", "YWdlYWdlYQ=="]) {
      const result = await setSecretTexts(before, new Map([["T", { age: ciphertext }]]));
      assert.equal(result, after.replaceAll("@", ciphertext));
    }
  });
}

Deno.test("what cannot be changed in place is refused, not damaged", async () => {
  const texts = [
    "version: 2\nx-s: &s {A: {env: B}}\nsecrets: *s\n",
    "version: 2\nx-t: &t {age: old}\nsecrets: {T: *t, U: *t}\n",
    "version: 2\nsecrets: text\n",
    "version: 2\nsecrets: [a\n",
  ];
  for (const text of texts) {
    await assert.rejects(
      setSecretTexts(text, new Map([["T", { age: "YWdl" }]])),
      { name: "BuildrInputError" },
      text,
    );
  }
});

Deno.test("secrets are set in whatever order, also where stages list them already", async () => {
  await withDirectory(async (directory) => {
    const env = {
      HOME: directory,
      XDG_CONFIG_HOME: "",
      BUILDR_AGE_KEY: "",
      BUILDR_AGE_KEY_FILE: "",
    };
    const recipient = new TextDecoder().decode((await secret(["keygen"], "", env)).stdout).trim();
    const manifest = (keys: string) =>
      Deno.writeTextFile(
        `${directory}/.buildr.yml`,
        `version: 2\nrecipients: [${recipient}]\nstages: [a]\n` +
          `a: { script: [x], secrets: [ONE, TWO]${keys} }\n`,
      );
    const place = ["--path", directory];
    await manifest("");
    for (const name of ["ONE", "TWO"]) {
      const { code, stderr } = await secret(["set", name, ...place], `value of ${name}`, env);
      assert.equal(code, 0, stderr);
    }
    assert.deepEqual([...(await loadManifest({ path: directory })).secrets.keys()], ["ONE", "TWO"]);
    // Any other mistake is told first.
    await manifest(", nedes: []");
    const { code, stderr } = await secret(["set", "ONE", ...place], "v", env);
    assert.equal(code, 2);
    assert.match(stderr, /unknown-key/);
  });
});

Deno.test("secret keygen, set, check, edit and rotate work together on the command line", async () => {
  await withDirectory(async (directory) => {
    const env = {
      HOME: directory,
      XDG_CONFIG_HOME: "",
      BUILDR_AGE_KEY: "",
      BUILDR_AGE_KEY_FILE: "",
    };
    const keygen = await secret(["keygen"], "", env);
    assert.equal(keygen.code, 0, keygen.stderr);
    const recipient = new TextDecoder().decode(keygen.stdout).trim();
    const path = `${directory}/.config/buildr/key.txt`;
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.match(
      await Deno.readTextFile(path),
      /^# created: .*\n# public key: age1\w+\nAGE-SECRET-KEY-1/,
    );
    assert.equal((await secret(["keygen"], "", env)).code, 2);

    const file = `${directory}/.buildr.yml`;
    const place = ["--path", directory];
    const head = "version: 2 # keep me\nproject: shop\n";
    const tail = "stages: [a]\n\n# the end\na: { script: 'x', secrets: [TOKEN] }\n";
    await Deno.writeTextFile(file, `${head}secrets: { TOKEN: { env: X } }\n${tail}`);
    assert.match(
      (await secret(["set", "NEW", ...place], "v", env)).stderr,
      /has no "recipients".*age1/s,
    );
    await Deno.writeTextFile(
      file,
      `${head}recipients: [${recipient}]\nsecrets:\n  OLD: { env: X }\n${tail}`,
    );
    await Deno.writeTextFile(file, (await Deno.readTextFile(file)).replace("[TOKEN]", "[OLD]"));
    const set = await secret(["set", "TOKEN", ...place], "hunter2-value\n", env);
    assert.equal(set.code, 0, set.stderr);
    assert.doesNotMatch(set.stderr, /hunter2/);
    const text = await Deno.readTextFile(file);
    assert.match(text, /^version: 2 # keep me\n(?:.*\n)*# the end\n/);
    const manifest = await loadManifest({ path: directory });
    const declared = [...manifest.secrets.values()].filter(({ name }) => name === "TOKEN");
    const values = await openSecrets(declared, { directory, env });
    assert.equal(values.get("TOKEN"), "hunter2-value");
    assert.match((await secret(["set", "OLD", ...place], "v", env)).stderr, /comes from "env"/);
    const wrong = [["", /is empty/], ["a\0b", /NUL/], [Uint8Array.of(0xff), /not UTF-8/]] as const;
    for (const [input, why] of wrong) {
      const { code, stderr } = await secret(["set", "E", ...place], input, env);
      assert.equal(code, 2);
      assert.match(stderr, why);
    }

    const check = await secret(["check", ...place], "", env);
    assert.equal(check.code, 0, check.stderr);
    assert.equal(new TextDecoder().decode(check.stdout), "SECRET\tSTATE\tNOTE\nTOKEN\tok\t\n");

    const edit = await secret(["edit", ...place], "", {
      ...env,
      EDITOR: "sed -i s/hunter2/edited/",
    });
    assert.equal(edit.code, 0, edit.stderr);
    const failed = await secret(["edit", ...place], "", { ...env, EDITOR: "false" });
    assert.equal(failed.code, 2, failed.stderr);
    const second = await generateKeyPair();
    const edited = await loadManifest({ path: directory });
    assert.equal(
      (await openSecrets([edited.secrets.get("TOKEN")!], { directory, env })).get("TOKEN"),
      "edited-value",
    );

    await Deno.writeTextFile(
      file,
      (await Deno.readTextFile(file)).replace(recipient, second.recipient),
    );
    assert.equal((await secret(["rotate", ...place], "", env)).code, 0);
    const after = await secret(["check", "--json", ...place], "", env);
    assert.equal(after.code, 2);
    assert.equal(JSON.parse(new TextDecoder().decode(after.stdout))[0].problem, "not-a-recipient");
    const theirs = await secret(["check", ...place], "", {
      ...env,
      BUILDR_AGE_KEY: second.identity,
    });
    assert.equal(theirs.code, 0, theirs.stderr);
  });
});

Deno.test("a file that was changed meanwhile is not written over", async () => {
  await withDirectory(async (directory) => {
    const { recipient } = await generateKeyPair();
    const file = `${directory}/.buildr.yml`;
    await Deno.writeTextFile(file, `version: 2\nrecipients: [${recipient}]\nstages: []\n`);
    const manifest = await loadManifest({ path: directory });
    await Deno.writeTextFile(file, "version: 2\nstages: []\n");
    await assert.rejects(setSecrets(manifest, new Map([["A", "b"]]), { env: {} }), {
      message: /changed meanwhile/,
    });
    assert.equal(await Deno.readTextFile(file), "version: 2\nstages: []\n");
    await assert.rejects(rotateSecrets(manifest, ["NOPE"], { env: {} }), {
      name: "BuildrInputError",
    });
  });
});

Deno.test("of several that write a secret at once one wins, and the others are told", async () => {
  await withDirectory(async (directory) => {
    const { recipient } = await generateKeyPair();
    const file = `${directory}/.buildr.yml`;
    await Deno.writeTextFile(file, `\ufeffversion: 2\nrecipients: [${recipient}]\nstages: []\n`);
    const manifest = await loadManifest({ path: directory });
    const results = await Promise.allSettled(
      ["A", "B", "C", "D", "E"].map((name) =>
        setSecrets(manifest, new Map([[name, "value"]]), { env: {} })
      ),
    );
    const failed = results.filter(({ status }) => status === "rejected");
    assert.equal(failed.length, 4);
    for (const one of failed) {
      assert.match(`${(one as { reason: Error }).reason}`, /changed meanwhile/);
    }
    assert.equal((await loadManifest({ path: directory })).secrets.size, 1);
    assert.ok((await Deno.readTextFile(file)).startsWith("\ufeffversion"));
  });
});

Deno.test("secrets of the environment and of files are read; what is missing is told at once", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/token`, "from-file");
    await Deno.writeTextFile(
      `${directory}/.buildr.yml`,
      "version: 2\nstages: [a]\na: {script: x, secrets: [E, F, G, H, I, O]}\n" +
        "secrets: {E: {env: V}, F: {file: token}, G: {env: NOPE}, H: {file: gone}, I: {age: YWdl}, O: {env: NOPE, optional: true}}\n",
    );
    const { secrets } = await loadManifest({ path: directory });
    const some = (...names: readonly string[]) => names.map((name) => secrets.get(name)!);
    const options = { directory, env: { V: "from-env" } };
    assert.deepEqual(
      [...await openSecrets(some("E", "F", "O"), options)],
      [["E", "from-env"], ["F", "from-file"]],
    );
    const given = new Map([["G", "by hand"], ["I", "too"]]);
    assert.equal((await openSecrets(some("G", "I"), { ...options, given })).get("G"), "by hand");
    const error = await openSecrets(some("G", "H", "I"), options).catch((error) => error);
    assert.ok(error instanceof SecretError);
    assert.equal(error.problem, "no-identity");
    assert.deepEqual(error.secrets, ["G", "H", "I"]);
    assert.match(error.message, /"NOPE" is not set.*"gone".*no identity/s);
  });
});
