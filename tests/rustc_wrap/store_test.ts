import assert from "node:assert/strict";
import {
  type BlobStore,
  DiskStore,
  LayeredStore,
  type UnitResult,
} from "../../lib/rustc_wrap/mod.ts";

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const key = (digit: number) => digit.toString(16).padStart(64, "0");

Deno.test("a disk keeps blobs, and what was not used for longest goes first", async () => {
  await withDirectory(async (directory) => {
    const store = new DiskStore({ directory, limitBytes: 1000 });
    assert.equal(await store.get("result", key(1)), undefined);
    for (let digit = 1; digit <= 9; digit++) {
      await store.put("result", key(digit), new Uint8Array(100).fill(digit));
      const path = `${directory}/result/00/${key(digit)}`;
      await Deno.utime(path, digit, digit);
    }
    assert.equal((await store.get("result", key(1)))?.[0], 1); // and so it is the newest
    await store.put("result", key(10), new Uint8Array(200));
    const left = [...store.list()].map((blob) => Number(`0x${blob.key}`)).sort((a, b) => a - b);
    assert.deepEqual(left, [1, 5, 6, 7, 8, 9, 10]);
    store.remove("result", key(10));
    store.remove("result", key(10));
    assert.equal(await store.get("result", key(10)), undefined);
    assert.equal(store.sweep(0), 600);
    assert.deepEqual([...store.list()], []);
    assert.throws(() => store.remove("result", "../../etc/passwd"), TypeError);
  });
});

Deno.test("many writers of one blob leave one whole blob, and dead writers nothing for long", async () => {
  await withDirectory(async (directory) => {
    const stores = Array.from({ length: 8 }, () => new DiskStore({ directory, limitBytes: 1e9 }));
    const bytes = new Uint8Array(1e5).fill(7);
    await Promise.all(stores.map((store) => store.put("result", key(1), bytes)));
    assert.deepEqual(await stores[0]!.get("result", key(1)), bytes);
    await Deno.writeTextFile(`${directory}/tmp/dead`, "x");
    await Deno.utime(`${directory}/tmp/dead`, 1, 1);
    stores[0]!.sweep();
    assert.deepEqual([...Deno.readDirSync(`${directory}/tmp`)], []);
  });
});

const RESULT: UnitResult = {
  code: 0,
  stdout: new Uint8Array(0),
  stderr: new Uint8Array([1]),
  files: [{ path: "a", mode: 0o644, content: new Uint8Array([2]) }],
};

class Memory implements BlobStore {
  readonly name: string;
  readonly keepsPrivate: boolean;
  readonly blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  broken = false;

  constructor(name: string, keepsPrivate: boolean) {
    this.name = name;
    this.keepsPrivate = keepsPrivate;
  }

  get(kind: string, name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.broken
      ? Promise.reject(new Error("500"))
      : Promise.resolve(this.blobs.get(`${kind}/${name}`));
  }

  put(kind: string, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.broken) return Promise.reject(new Error("500"));
    this.blobs.set(`${kind}/${name}`, bytes);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

Deno.test("places are asked in order, and what is private stays here", async () => {
  const near = new Memory("near", true);
  const far = new Memory("far", false);
  const notes: string[] = [];
  await using store = new LayeredStore([near, far], (note) => notes.push(note));
  await store.put(key(1), RESULT, { visibility: "public", label: "a" });
  await store.put(key(2), RESULT, { visibility: "private", label: "b" });
  assert.deepEqual([...far.blobs.keys()], [`result/${key(1)}`]);
  near.blobs.clear();
  assert.equal((await store.get(key(1)))?.stderr[0], 1);
  assert.deepEqual([...near.blobs.keys()], [`result/${key(1)}`]);
  far.broken = true;
  near.blobs.clear();
  assert.equal(await store.get(key(1)), undefined);
  await store.put(key(3), RESULT, { visibility: "public", label: "c" });
  assert.equal((await store.get(key(3)))?.code, 0);
  assert.deepEqual(notes, ["far: 500", "far: 500"]);
});

Deno.test("inputs: the newest first, each once, and no more than some", async () => {
  const near = new Memory("near", true);
  await using store = new LayeredStore([near]);
  const list = (name: string) => ({ files: { [name]: "d" }, env: {}, result: key(1) });
  const options = { visibility: "private", label: "x" } as const;
  for (let at = 0; at < 20; at++) await store.addInputs(key(1), list(`f${at}`), options);
  await store.addInputs(key(1), list("f18"), options);
  const lists = await store.inputs(key(1));
  assert.equal(lists.length, 16);
  assert.deepEqual(lists.slice(0, 3), [list("f18"), list("f19"), list("f17")]);
  near.blobs.set(`inputs/${key(1)}`, new TextEncoder().encode('{"lists":[{}]}'));
  assert.deepEqual(await store.inputs(key(1)), []);
  near.blobs.set(`inputs/${key(1)}`, new Uint8Array([255, 1]));
  assert.deepEqual(await store.inputs(key(1)), []);
});
