import assert from "node:assert/strict";
import {
  CredentialHelper,
  CredentialHelperError,
  dockerCredentials,
  registryAuthHeader,
  registryConfigHeader,
} from "../../lib/registry/mod.ts";

const HUB = "https://index.docker.io/v1/";

// A helper as the protocol has it; it keeps what it is given in a file beside it.
const HELPER = `#!/bin/sh
store=$(dirname "$0")/$(basename "$0").store
input=$(cat)
case $1 in
get)
  [ "$input" = broken.example ] && { echo "the keychain is locked"; exit 1; }
  [ "$input" = odd.example ] && { echo '{"Secret":1}'; exit 0; }
  [ "$input" = silent.example ] && exit 3
  line=$(grep -F "\\"ServerURL\\":\\"$input\\"" "$store" 2>/dev/null) || { echo "credentials not found in native keychain"; exit 1; }
  echo "$line" ;;
store) echo "$input" >> "$store" ;;
erase) grep -vF "\\"$input\\"" "$store" > "$store.new"; mv "$store.new" "$store" ;;
list) echo '{"kept.example":"me","$2":""}' ;;
esac
`;

interface Place {
  readonly directory: string;
  readonly env: (name: string) => string | undefined;
  config(value: unknown): Promise<void>;
}

async function inPlace(
  body: (place: Place) => Promise<void>,
  further: Readonly<Record<string, string>> = {},
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "superorch-registry-" });
  try {
    for (const name of ["one", "two"]) {
      await Deno.writeTextFile(`${directory}/docker-credential-${name}`, HELPER, { mode: 0o755 });
    }
    await Deno.writeTextFile(`${directory}/docker-credential-plain`, HELPER, { mode: 0o644 });
    const values: Readonly<Record<string, string>> = {
      DOCKER_CONFIG: directory,
      PATH: `${directory}:/usr/bin:/bin`,
      ...further,
    };
    await body({
      directory,
      env: (name) => values[name],
      config: (value) =>
        Deno.writeTextFile(
          `${directory}/config.json`,
          typeof value === "string" ? value : JSON.stringify(value),
        ),
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const auth = (text: string) => ({ auth: btoa(text) });

Deno.test("dockerCredentials() knows nothing where nobody has logged in", async () => {
  await inPlace(async ({ env, config }) => {
    const credentials = dockerCredentials({ env });
    assert.equal(await credentials.get("docker.io"), undefined);
    await config({});
    assert.equal(await credentials.get("docker.io"), undefined);
    await config({ auths: { [HUB]: {} }, credsStore: "" });
    assert.equal(await credentials.get("docker.io"), undefined);
    assert.deepEqual(await credentials.all(), {});
    assert.equal(await dockerCredentials({ env: () => undefined }).get("x.example"), undefined);
  });
});

Deno.test("dockerCredentials() reads auths however the server was written", async () => {
  await inPlace(async ({ env, config }) => {
    await config({
      auths: {
        [HUB]: auth("hub:p:w:d"),
        "https://a.example/v2/": auth("a:1"),
        "b.example:5000": { username: "b", password: "2" },
        "c.example": { ...auth("c:"), identitytoken: "token" },
        "d.example": { registrytoken: "bearer" },
        "e.example": { auth: new TextEncoder().encode("ü:ä\0\0").toBase64() },
      },
    });
    const credentials = dockerCredentials({ env });
    const cases: readonly (readonly [string, unknown])[] = [
      ["docker.io", { username: "hub", password: "p:w:d", serveraddress: HUB }],
      ["a.example", { username: "a", password: "1", serveraddress: "a.example" }],
      ["b.example:5000", { username: "b", password: "2", serveraddress: "b.example:5000" }],
      ["b.example", undefined],
      ["c.example", { username: "c", identitytoken: "token", serveraddress: "c.example" }],
      ["d.example", { registrytoken: "bearer", serveraddress: "d.example" }],
      ["e.example", { username: "ü", password: "ä", serveraddress: "e.example" }],
    ];
    for (const [registry, expected] of cases) {
      assert.deepEqual(await credentials.get(registry), expected, registry);
    }
    assert.deepEqual(Object.keys(await credentials.all()).sort(), [
      "a.example",
      "b.example:5000",
      "c.example",
      "d.example",
      "e.example",
      HUB,
    ]);
  });
});

Deno.test("DOCKER_AUTH_CONFIG comes before the file, which fills in", async () => {
  const inline = JSON.stringify({ auths: { "a.example": auth("env:1") } });
  await inPlace(async ({ env, config }) => {
    await config({ auths: { "a.example": auth("file:1"), "b.example": auth("file:2") } });
    const credentials = dockerCredentials({ env });
    assert.equal((await credentials.get("a.example"))?.username, "env");
    assert.equal((await credentials.get("b.example"))?.username, "file");
    assert.equal((await credentials.all())["a.example"]?.username, "env");
  }, { DOCKER_AUTH_CONFIG: inline });
});

Deno.test("Helpers are asked by registry, then the store, then the file is", async () => {
  await inPlace(async ({ env, config }) => {
    const store = async (name: string, ServerURL: string, Username: string) =>
      await new CredentialHelper(name, { env }).store({ ServerURL, Username, Secret: "s" });
    await store("one", "a.example", "one");
    await store("two", "a.example", "two");
    await store("two", HUB, "<token>");
    await store("two", "kept.example", "me");
    await config({
      credHelpers: { "a.example": "one" },
      credsStore: "two",
      auths: { "a.example": auth("file:1"), "z.example": auth("z:1"), [HUB]: {} },
    });
    const credentials = dockerCredentials({ env });
    assert.equal((await credentials.get("a.example"))?.username, "one");
    assert.deepEqual(await credentials.get("docker.io"), {
      identitytoken: "s",
      serveraddress: HUB,
    });
    assert.equal((await credentials.get("z.example"))?.username, "z");
    assert.equal(await credentials.get("nobody.example"), undefined);
    const all = await credentials.all();
    assert.deepEqual(Object.keys(all).sort(), ["a.example", "kept.example", "z.example"]);
    assert.equal(all["a.example"]?.username, "one");
    const helper = new CredentialHelper("one", { env });
    await helper.erase("a.example");
    assert.equal(await helper.get("a.example"), undefined);
  });
});

Deno.test("A helper that fails is a typed error without a secret in it", async () => {
  await inPlace(async ({ env, config, directory }) => {
    const failing = async (registry: string, value: unknown, reason: RegExp) => {
      await config(value);
      await assert.rejects(dockerCredentials({ env }).get(registry), (error: unknown) => {
        assert.ok(error instanceof CredentialHelperError, `${error}`);
        assert.match(error.reason, reason);
        assert.equal(error.action, "get");
        assert.match(error.message, /^Cannot run "docker-credential-\w+ get": /);
        return true;
      });
    };
    await failing("broken.example", { credsStore: "one" }, /^the keychain is locked$/);
    await failing("odd.example", { credsStore: "one" }, /no Username and Secret/);
    await failing("silent.example", { credsStore: "one" }, /exit code 3/);
    await failing("a.example", { credsStore: "absent" }, /not on PATH/);
    await failing("a.example", { credsStore: "plain" }, /not on PATH|may not be executed/);
    await config({ credsStore: "../../bin/sh" });
    await assert.rejects(dockerCredentials({ env }).get("a.example"), TypeError);
    await Deno.writeTextFile(`${directory}/docker-credential-slow`, "#!/bin/sh\nexec sleep 600\n", {
      mode: 0o755,
    });
    const controller = new AbortController();
    await config({ credsStore: "slow" });
    const asking = dockerCredentials({ env }).get("a.example", { signal: controller.signal });
    controller.abort(new Error("enough"));
    await assert.rejects(asking, /enough/);
  });
});

Deno.test("A configuration that cannot be understood is told with its place and no secret", async () => {
  await inPlace(async ({ env, config }) => {
    const cases: readonly (readonly [unknown, RegExp])[] = [
      ["{secret", /config\.json": it is not JSON$/],
      ["[]", /it must be a JSON object$/],
      [{ auths: 5 }, /auths must be a JSON object$/],
      [{ auths: { "a.example": "secret" } }, /auths of "a\.example" must be a JSON object$/],
      [{ auths: { "a.example": { auth: "secret!" } } }, /base64 form of "user:password"$/],
      [{ auths: { "a.example": auth("secret") } }, /base64 form of "user:password"$/],
      [{ auths: { "a.example": auth(":secret") } }, /base64 form of "user:password"$/],
      [{ auths: { "a.example": auth("\xff:secret") } }, /base64 form of "user:password"$/],
    ];
    for (const [value, expected] of cases) {
      await config(value);
      await assert.rejects(dockerCredentials({ env }).get("a.example"), (error: unknown) => {
        assert.ok(error instanceof TypeError, `${error}`);
        assert.match(error.message, expected);
        assert.ok(!error.message.includes("secret"), error.message);
        return true;
      });
    }
  });
});

Deno.test("Headers are base64 of the URL alphabet with padding", () => {
  const credential = { username: "??>>", password: "~~~~ÿ", serveraddress: "a" };
  const header = registryAuthHeader(credential);
  assert.match(header, /^[\w-]+=*$/);
  assert.equal(header.length % 4, 0);
  const decode = (text: string) =>
    JSON.parse(
      new TextDecoder().decode(Uint8Array.fromBase64(text, { alphabet: "base64url" })),
    );
  assert.deepEqual(decode(header), credential);
  assert.deepEqual(decode(registryAuthHeader(undefined)), {});
  assert.deepEqual(decode(registryConfigHeader({ a: credential })), { a: credential });
});
