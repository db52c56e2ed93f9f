import assert from "node:assert/strict";
import {
  extractTar,
  type TarEntry,
  TarFormatError,
  type TarReadEntry,
  tarStream,
  UnsafeTarEntryError,
  untar,
} from "../../../lib/engine/tar/mod.ts";

const bytesOf = async (entries: Iterable<TarEntry>) =>
  new Uint8Array(await new Response(tarStream(entries)).arrayBuffer());

/** Cuts bytes into chunks of sizes that a seeded generator chooses. */
function chunked(bytes: Uint8Array, seed = 1): ReadableStream<Uint8Array> {
  const random = generator(seed);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      const size = 1 + Math.floor(random() * 700);
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

function generator(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

interface Listed extends Omit<TarReadEntry, "content" | "kind"> {
  readonly kind: string;
  readonly text?: string;
}

async function list(stream: ReadableStream<Uint8Array>, options = {}): Promise<Listed[]> {
  const listed: Listed[] = [];
  for await (const entry of untar(stream, options)) {
    if (entry.kind !== "file") listed.push(entry);
    else {
      const { content, ...rest } = entry;
      listed.push({ ...rest, text: await new Response(content).text() });
    }
  }
  return listed;
}

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function gnuTar(
  cwd: string,
  args: readonly string[],
  input?: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const child = new Deno.Command("tar", {
    args: [...args],
    cwd,
    env: { LC_ALL: "C.UTF-8", TZ: "UTC" },
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (input !== undefined && "getWriter" in child.stdin) {
    const writer = child.stdin.getWriter();
    await writer.write(input as Uint8Array<ArrayBuffer>);
    await writer.close();
  }
  const output = await child.output();
  assert.equal(new TextDecoder().decode(output.stderr), "");
  assert.equal(output.code, 0);
  return output.stdout as Uint8Array<ArrayBuffer>;
}

const LONG = `${"d".repeat(90)}/${"e".repeat(90)}/${"f".repeat(120)}`;

Deno.test("tarStream() writes what GNU tar lists: modes, owners, times, links, long and foreign names", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/host`, "from disk");
    const archive = await bytesOf([
      { kind: "directory", path: "d", mode: 0o1777 },
      { kind: "file", path: "d/ünï", content: "ü", uid: 1000, gid: 3_000_000, mtimeSeconds: 86400 },
      { kind: "file", path: "d/host", content: { hostPath: `${directory}/host` }, mode: 0o750 },
      { kind: "file", path: LONG, content: new Blob(["abc"]).stream(), sizeBytes: 3 },
      { kind: "file", path: `${"p".repeat(120)}/${"n".repeat(99)}`, content: "" },
      { kind: "symlink", path: "l", target: "d/ünï" },
      { kind: "hardlink", path: "h", target: "d/host" },
      { kind: "fifo", path: "pipe" },
      { kind: "character-device", path: "null", major: 1, minor: 3, mode: 0o666 },
    ]);
    const args = ["--numeric-owner", "-tvf", "-"];
    const text = new TextDecoder().decode(await gnuTar(directory, args, archive));
    const lines = text.trimEnd().split("\n").map((line) => line.replace(/ +/g, " "));
    assert.deepEqual(lines, [
      "drwxrwxrwt 0/0 0 1970-01-01 00:00 d/",
      "-rw-r--r-- 1000/3000000 2 1970-01-02 00:00 d/ünï",
      "-rwxr-x--- 0/0 9 1970-01-01 00:00 d/host",
      `-rw-r--r-- 0/0 3 1970-01-01 00:00 ${LONG}`,
      `-rw-r--r-- 0/0 0 1970-01-01 00:00 ${"p".repeat(120)}/${"n".repeat(99)}`,
      "lrwxrwxrwx 0/0 0 1970-01-01 00:00 l -> d/ünï",
      "hrw-r--r-- 0/0 0 1970-01-01 00:00 h link to d/host",
      "prw-r--r-- 0/0 0 1970-01-01 00:00 pipe",
      "crw-rw-rw- 0/0 1,3 1970-01-01 00:00 null",
    ]);
  });
});

Deno.test("untar() reads back every kind that tarStream() wrote, however the chunks are cut", async () => {
  const entries: readonly TarEntry[] = [
    { kind: "directory", path: "a", mode: 0o700, mtimeSeconds: 5, uid: 1, gid: 2 },
    { kind: "file", path: "a/ünï", content: "x".repeat(1000), mtimeSeconds: 1.5 },
    { kind: "file", path: "a/empty", content: "", pax: { "SCHILY.xattr.user.k": "v" } },
    { kind: "file", path: LONG, content: "long", uid: 5_000_000, userName: "Jörg" },
    { kind: "symlink", path: "s", target: LONG },
    { kind: "hardlink", path: "h", target: "a/empty" },
    { kind: "block-device", path: "b", major: 8, minor: 1, mode: 0o660 },
    { kind: "file", path: "old", content: "1", mtimeSeconds: -86400 },
  ];
  const archive = await bytesOf(entries);
  const expected = entries.map((entry) => ({
    mode: entry.kind === "symlink" ? 0o777 : 0o644,
    mtimeSeconds: 0,
    uid: 0,
    gid: 0,
    ...entry,
    ...(entry.kind === "file"
      ? { content: undefined, text: entry.content, sizeBytes: (entry.content as string).length }
      : {}),
  }));
  for (let seed = 1; seed <= 20; seed++) {
    const actual = await list(chunked(archive, seed));
    assert.deepEqual(actual.map((entry) => ({ ...entry })), expected.map(withoutUndefined));
  }
});

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}

Deno.test("untar() reads what GNU tar writes in its own, the ustar, the v7 and the pax format", async () => {
  await inDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/in/${"d".repeat(60)}`, { recursive: true });
    const long = `${"d".repeat(60)}/${"f".repeat(90)}`;
    await Deno.writeTextFile(`${directory}/in/${long}`, "hello");
    await Deno.writeTextFile(`${directory}/in/short`, "s");
    await Deno.symlink("short", `${directory}/in/link`);
    await Deno.link(`${directory}/in/short`, `${directory}/in/other`);
    for (const format of ["gnu", "ustar", "pax", "v7"]) {
      const names = ["short", "link", "other", ...(format === "v7" ? [] : [long])];
      const args = [`--format=${format}`, "-C", "in", "-cf", "-", ...names];
      const archive = await gnuTar(directory, args);
      const listed = await list(chunked(archive, 7));
      assert.deepEqual(listed.map((entry) => [entry.path, entry.kind, entry.text]), [
        ["short", "file", "s"],
        ["link", "symlink", undefined],
        ["other", "hardlink", undefined],
        ...(format === "v7" ? [] : [[long, "file", "hello"]]),
      ], format);
    }
  });
});

Deno.test("untar() reads GNU numbers of more than eight gigabytes without the bytes", async () => {
  const [header] = [new Uint8Array(512)];
  header.set(
    await bytesOf([{ kind: "file", path: "huge", content: "" }]).then((b) => b.slice(0, 512)),
  );
  header.fill(0, 124, 136);
  header[124] = 0x80;
  header[131] = 2; // 2 * 2^32
  header.fill(32, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  const reading = untar(chunked(header));
  const { value } = await reading.next();
  assert.equal(value?.kind === "file" && value.sizeBytes, 2 * 2 ** 32);
  await reading.return(undefined);
});

Deno.test("untar() skips content that nobody read and refuses to give it later", async () => {
  const archive = await bytesOf([
    { kind: "file", path: "a", content: "a".repeat(5000) },
    { kind: "file", path: "b", content: "b" },
  ]);
  const reading = untar(chunked(archive));
  const first = (await reading.next()).value;
  const second = (await reading.next()).value;
  assert.ok(first?.kind === "file" && second?.kind === "file");
  assert.equal(await new Response(second.content).text(), "b");
  await assert.rejects(new Response(first.content).text(), TypeError);
  await reading.return(undefined);
});

Deno.test("untar() cancels its source when the loop is left", async () => {
  let cancelled = false;
  const archive = await bytesOf([{ kind: "file", path: "a", content: "a".repeat(99999) }]);
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(archive.slice(0, 2048)),
    cancel: () => void (cancelled = true),
  });
  for await (const _entry of untar(source)) break;
  assert.ok(cancelled);
});

Deno.test("untar() ends with a TarFormatError wherever an archive is cut off", async () => {
  const archive = await bytesOf([
    { kind: "file", path: LONG, content: "x".repeat(700) },
    { kind: "directory", path: "d" },
  ]);
  for (let length = 0; length < archive.length - 1024 + 512; length += 97) {
    await assert.rejects(list(chunked(archive.slice(0, length))), TarFormatError, `${length}`);
  }
  const open = archive.slice(0, archive.length - 1024);
  assert.equal((await list(chunked(open), { allowMissingEnd: true })).length, 2);
});

Deno.test("untar() gives a typed error or entries, never anything else, for damaged archives", async () => {
  const archive = await bytesOf([
    { kind: "file", path: LONG, content: "x".repeat(700), pax: { k: "v" } },
    { kind: "symlink", path: "s", target: "t" },
    { kind: "file", path: "b", content: "y" },
  ]);
  const random = generator(42);
  for (let round = 0; round < 400; round++) {
    const damaged = archive.slice();
    for (let hit = 0; hit < 4; hit++) {
      damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
    }
    try {
      await list(chunked(damaged, round + 1));
    } catch (error) {
      assert.ok(error instanceof TarFormatError, String(error));
    }
  }
});

Deno.test("tarStream() refuses what cannot be told in an archive", async () => {
  const bad: readonly TarEntry[] = [
    { kind: "file", path: "", content: "" },
    { kind: "file", path: "a\0b", content: "" },
    { kind: "symlink", path: "l", target: "" },
    { kind: "file", path: "a", content: "", uid: -1 },
    { kind: "file", path: "a", content: "", mode: 1.5 },
    { kind: "file", path: "a", content: "", mtimeSeconds: NaN },
    { kind: "file", path: "a", content: new Blob(["x"]).stream() },
    { kind: "file", path: "a", content: new Blob(["xyz"]).stream(), sizeBytes: 2 },
    { kind: "file", path: "a", content: new Blob(["x"]).stream(), sizeBytes: 2 },
    { kind: "file", path: "a", content: "xyz", sizeBytes: 2 },
    { kind: "file", path: "a", content: { hostPath: "." } },
  ];
  for (const entry of bad) {
    await assert.rejects(bytesOf([entry]), TypeError, JSON.stringify(entry));
  }
  await assert.rejects(
    bytesOf([{ kind: "file", path: "a", content: { hostPath: "not/there" } }]),
    Deno.errors.NotFound,
  );
});

Deno.test("tarStream() ends with the signal's reason", async () => {
  const reason = new Error("enough");
  const archive = tarStream([{ kind: "file", path: "a", content: "" }], {
    signal: AbortSignal.abort(reason),
  });
  await assert.rejects(new Response(archive).bytes(), reason);
});

Deno.test("tarStream() that is cancelled lets go of what it reads, be it silent", async () => {
  let isCancelled = false;
  const content = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(100_000)),
    cancel: () => {
      isCancelled = true;
    },
  });
  let isEnded = false;
  const entries = async function* () {
    try {
      yield { kind: "file", path: "silent", content, sizeBytes: 200_000 } as const;
    } finally {
      await new Promise((resolve) => setTimeout(resolve, 10));
      isEnded = true;
    }
  };
  const reader = tarStream(entries()).getReader();
  assert.ok((await reader.read()).value !== undefined);
  const waiting = reader.read();
  await reader.cancel();
  assert.deepEqual([isCancelled, isEnded], [true, true]);
  assert.equal((await waiting).done, true);
});

Deno.test("extractTar() makes files, links, modes and times, twice over the same directory", async () => {
  await inDirectory(async (directory) => {
    const entries: readonly TarEntry[] = [
      { kind: "directory", path: "./ro", mode: 0o555, mtimeSeconds: 1000 },
      { kind: "file", path: "ro/run", content: "#!", mode: 0o4755, mtimeSeconds: 2000 },
      { kind: "symlink", path: "ro/up", target: "../x" },
      { kind: "file", path: "/x", content: "x" },
      { kind: "hardlink", path: "y", target: "x" },
      { kind: "fifo", path: "pipe" },
    ];
    for (let round = 0; round < 2; round++) {
      const result = await extractTar(tarStream(entries), `${directory}/out`);
      assert.deepEqual(result, { entries: 5, bytes: 3, skipped: ["pipe"] });
      const run = await Deno.stat(`${directory}/out/ro/run`);
      assert.equal((run.mode ?? 0) & 0o7777, 0o755);
      assert.equal(run.mtime?.getTime(), 2_000_000);
      const ro = await Deno.stat(`${directory}/out/ro`);
      assert.equal((ro.mode ?? 0) & 0o7777, 0o555);
      assert.equal(ro.mtime?.getTime(), 1_000_000);
      assert.equal(await Deno.readTextFile(`${directory}/out/ro/up`), "x");
      assert.equal((await Deno.stat(`${directory}/out/y`)).nlink, 2);
    }
  });
});

Deno.test("extractTar() never leaves its directory", async () => {
  const attacks: Readonly<Record<string, readonly TarEntry[]>> = {
    "climbing name": [{ kind: "file", path: "../evil", content: "" }],
    "climbing in the middle": [{ kind: "file", path: "a/../../evil", content: "" }],
    "link out": [{ kind: "symlink", path: "l", target: "../outside" }],
    "absolute link": [{ kind: "symlink", path: "l", target: "/etc" }],
    "climb after a name": [
      { kind: "symlink", path: "here", target: "." },
      { kind: "symlink", path: "l", target: "here/.." },
    ],
    "through a link of the archive": [
      { kind: "directory", path: "d" },
      { kind: "symlink", path: "l", target: "d" },
      { kind: "file", path: "l/f", content: "" },
    ],
    "through a link that was there": [{ kind: "file", path: "there/evil", content: "" }],
    "directory for a link that was there": [
      { kind: "symlink", path: "z", target: "there" },
      { kind: "file", path: "z/evil", content: "" },
    ],
    "hard link out": [{ kind: "hardlink", path: "h", target: "../outside/secret" }],
    "hard link through a link": [{ kind: "hardlink", path: "h", target: "there/secret" }],
  };
  for (const [name, entries] of Object.entries(attacks)) {
    await inDirectory(async (directory) => {
      await Deno.mkdir(`${directory}/outside`);
      await Deno.writeTextFile(`${directory}/outside/secret`, "secret");
      await Deno.mkdir(`${directory}/out`);
      await Deno.symlink("../outside", `${directory}/out/there`);
      await assert.rejects(
        extractTar(tarStream(entries), `${directory}/out`),
        UnsafeTarEntryError,
        name,
      );
      const outside = [...Deno.readDirSync(`${directory}/outside`)].map((item) => item.name);
      assert.deepEqual(outside, ["secret"], name);
      assert.ok(![...Deno.readDirSync(directory)].some((item) => item.name === "evil"), name);
    });
  }
});

Deno.test("extractTar() replaces a link or a file instead of writing into it", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/mine`, "mine");
    await Deno.mkdir(`${directory}/out`);
    await Deno.symlink("../mine", `${directory}/out/a`);
    await Deno.link(`${directory}/mine`, `${directory}/out/b`);
    await extractTar(
      tarStream([
        { kind: "file", path: "a", content: "theirs" },
        { kind: "file", path: "b", content: "theirs" },
      ]),
      `${directory}/out`,
    );
    assert.equal(await Deno.readTextFile(`${directory}/mine`), "mine");
    assert.equal(await Deno.readTextFile(`${directory}/out/a`), "theirs");
    assert.equal(await Deno.readTextFile(`${directory}/out/b`), "theirs");
  });
});

Deno.test("extractTar() keeps foreign links with symlinks: any, and honours its limits", async () => {
  await inDirectory(async (directory) => {
    const link: TarEntry = { kind: "symlink", path: "etc/mtab", target: "/proc/mounts" };
    await extractTar(tarStream([link]), `${directory}/out`, { symlinks: "any" });
    assert.equal(await Deno.readLink(`${directory}/out/etc/mtab`), "/proc/mounts");
    const files = tarStream([{ kind: "file", path: "a", content: "x".repeat(100) }]);
    await assert.rejects(extractTar(files, directory, { limitBytes: 99 }), RangeError);
    const many = tarStream([{ kind: "directory", path: "a" }, { kind: "directory", path: "b" }]);
    await assert.rejects(extractTar(many, directory, { limitEntries: 1 }), RangeError);
    const stripped = tarStream([{ kind: "file", path: "top/sub/f", content: "f" }]);
    await extractTar(stripped, `${directory}/strip`, { stripComponents: 1 });
    assert.equal(await Deno.readTextFile(`${directory}/strip/sub/f`), "f");
  });
});
