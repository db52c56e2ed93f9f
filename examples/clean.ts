// Removes what other examples leave behind, and shows what removeFilesInDir() takes for a match.
//
//     deno run -A examples/clean.ts
//
// Only `./dockerfiles` and `./logs` of the current directory are cleaned, and only if they are
// there; the rest happens in a temporary directory, which is removed at the end.
import { ensure, ensureEq, renderError, runMain } from "../lib/errors/mod.ts";
import { removeFilesInDir, writeText } from "../lib/files/mod.ts";

await runMain(async () => {
  await cleanIfThere("./dockerfiles", ["__tmp.dockerfile", ".tmp.dockerfile"]);
  await cleanIfThere("./logs", [".log"]);
  const directory = await Deno.makeTempDir();
  try {
    await whatMatches(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

async function cleanIfThere(directory: string, endsWith: readonly string[]): Promise<void> {
  const isThere = await Deno.stat(directory).then((info) => info.isDirectory, () => false);
  const removed = isThere ? await removeFilesInDir(directory, endsWith) : [];
  console.log(`${directory}: removed ${removed.length === 0 ? "nothing" : removed.join(", ")}`);
}

async function whatMatches(directory: string): Promise<void> {
  const files = ["binary", "ex0.log", "ex1.log", "ex2.tar.gz", "tar.gz", "ex3.tar.gz.other"];
  for (const name of files) await writeText([directory, name], "");
  await Deno.mkdir(`${directory}/x.log`);

  // An extension is whole: neither of these is the end of "tar.gz".
  ensureEq(await removeFilesInDir(directory, ["r.gz", ".r.gz"]), []);
  ensureEq(await removeFilesInDir(directory, ["binary", ".log"]), ["binary", "ex0.log", "ex1.log"]);
  ensureEq(await removeFilesInDir(directory, [".tar.gz"]), ["ex2.tar.gz"]);
  ensureEq(await removeFilesInDir(directory, ["tar.gz"]), ["tar.gz"]); // a whole name

  for (const wrong of ["", ".", "a/b"]) {
    const text = await removeFilesInDir(directory, [".other", wrong]).then(String, renderError);
    console.log(`\nas expected:${text}`);
    ensure(text.includes("as an ending"), `${JSON.stringify(wrong)} was accepted`);
  }
  await writeText([directory, "tar.gz"], "");
  ensureEq(await removeFilesInDir(directory, [".gz", ".other"]), ["ex3.tar.gz.other", "tar.gz"]);

  const left = [...Deno.readDirSync(directory)].map(({ name }) => name);
  ensureEq(left, ["x.log"], "a directory is never removed");
}
