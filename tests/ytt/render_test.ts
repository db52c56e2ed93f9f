import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { formatYaml, inspectSchema, inspectValues, render, YttError } from "../../lib/ytt/mod.ts";

const values = { path: "values.yml", data: "#@data/values-schema\n---\nname: demo\nport: 80\n" };
const config = {
  path: "config.yml",
  data:
    '#@ load("@ytt:data", "data")\nname: #@ data.values.name\nbig: 12345678901234567\nratio: 0.5\n---\n- 1\n',
};

Deno.test("render() gives documents, files and texts", async () => {
  const result = await render({
    files: [config, values, { path: "a.txt", data: "(@= str(1) @)" }],
  });
  deepStrictEqual(result.documents(), [{ name: "demo", big: 12345678901234567n, ratio: 0.5 }, [1]]);
  strictEqual(result.output(), "name: demo\nbig: 12345678901234567\nratio: 0.5\n---\n- 1\n");
  strictEqual(result.output("json"), '{"name":"demo","big":12345678901234567,"ratio":0.5}[1]');
  match(result.output("pos"), /config\.yml:2 \| {3}name: demo/);
  deepStrictEqual(result.files.map((file) => file.path), ["config.yml", "values.yml", "a.txt"]);
  strictEqual(result.files[2]!.text(), "1");
});

Deno.test("render() reads a file's contents only when they are needed", async () => {
  let read = 0;
  const data = () => {
    read++;
    return "binary";
  };
  await render({ files: [config, values, { path: "picture.png", data }] });
  strictEqual(read, 0);
  const reader = {
    path: "r.yml",
    data: '#@ load("@ytt:data", "data")\nx: #@ data.read("picture.png")\n',
  };
  strictEqual(
    (await render({ files: [reader, { path: "picture.png", data }] })).output(),
    "x: binary\n",
  );
  strictEqual(read, 1);
});

Deno.test("render() does not change its input, and gives the same twice", async () => {
  const overlay = {
    path: "overlay.yml",
    data:
      '#@ load("@ytt:overlay", "overlay")\n#@overlay/match by=overlay.all, expects="1+"\n---\n' +
      "#@overlay/match missing_ok=True\nadded: 1\n",
  };
  const files = [{ path: "plain.yml", data: "a: 1\n" }, overlay];
  const once = (await render({ files })).output();
  strictEqual(once, "a: 1\nadded: 1\n");
  strictEqual((await render({ files })).output(), once);
});

Deno.test("render() hands prints to its caller", async () => {
  const printed: string[] = [];
  await render({
    files: [{ path: "a.yml", data: '#@ print("hello", 1)\na: 1\n' }],
    print: (text) => printed.push(text),
  });
  deepStrictEqual(printed, ["hello 1"]);
});

Deno.test("a YttError has the message, the context and the lines", async () => {
  await rejects(
    render({ files: [{ path: "a.yml", data: "a: 1\nb: #@ fail('x')\n" }] }),
    (error) => {
      ok(error instanceof YttError);
      deepStrictEqual(error.issues, [{
        message: "fail: x",
        places: [{ context: "<toplevel>", file: "a.yml", line: 2, source: "b: #@ fail('x')" }],
      }]);
      strictEqual(
        error.describe(),
        "\n- fail: x\n    in <toplevel>\n      a.yml:2 | b: #@ fail('x')",
      );
      return true;
    },
  );
  await rejects(render({ files: [{ path: "a.yml", data: "a: [" }] }), (error) => {
    ok(error instanceof YttError);
    strictEqual(error.context, "Unmarshaling YAML template 'a.yml'");
    match(error.describe(), /^Unmarshaling YAML template 'a\.yml': yaml: line 1: /);
    return true;
  });
});

Deno.test("a call that failed inside try_to leaves no trace in the output", async () => {
  const data = '#@ load("@ytt:assert", "assert")\n#@ def bad():\nx: #@ fail("no")\n#@ end\n' +
    "a: #@ assert.try_to(bad)[1]\nb:\n  c: #@ assert.try_to(bad)[1]\nd: 1\n";
  strictEqual(
    (await render({ files: [{ path: "a.yml", data }] })).output(),
    "a: 'fail: no'\nb:\n  c: 'fail: no'\nd: 1\n",
  );
});

Deno.test("inspectValues() and inspectSchema() print what the templates get", async () => {
  const files = [config, values];
  strictEqual(await inspectValues({ files, dataValues: ["name=x"] }), "name: x\nport: 80\n");
  match(await inspectSchema({ files }), /port:\n\s+type: integer\n\s+default: 80/);
});

Deno.test("formatYaml() formats what it formatted to the same", async () => {
  const once = await formatYaml(
    "# a\nb:   [1, {c: d}]\n#@ if True:\ne: #@ 1\n#@ end\n---\n- - x\n  - y: |\n      z\n",
  );
  strictEqual(await formatYaml(once), once);
});
