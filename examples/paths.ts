// Paths that must exist, and what is said when they do not.
//
//     deno run -A examples/paths.ts
//
// Everything happens in a temporary directory, which is removed at the end.
import { ensure, ensureEq, renderError, runMain } from "../lib/errors/mod.ts";
import { acquireDirPath, acquireFilePath, acquirePath } from "../lib/files/mod.ts";

await runMain(async () => {
  const home = Deno.cwd();
  const directory = await Deno.makeTempDir();
  Deno.chdir(directory);
  try {
    await Deno.mkdir("logs");
    await Deno.writeTextFile("logs/.gitignore", "*\n");
    await paths();
  } finally {
    Deno.chdir(home);
    await Deno.remove(directory, { recursive: true });
  }
});

async function paths(): Promise<void> {
  const logs = await acquirePath("./logs/");
  const ignore = await acquirePath("./logs/.gitignore");
  console.log(`the directory: ${logs}\nthe file:      ${ignore}`);

  // Dots are resolved, and so are symbolic links: the result is the real, absolute path.
  const detour = await acquirePath("./logs/../logs/../logs/.gitignore");
  ensureEq(detour, ignore);
  ensure(() => ignore.replaceAll("\\", "/").endsWith("/logs/.gitignore"));

  // One of these for each kind: a program that wants a directory says so at the start.
  ensureEq(await acquireDirPath("logs"), logs);
  ensureEq(await acquireFilePath("logs/.gitignore"), ignore);

  await expectError(acquirePath("./logs/nonexistent"), "os error");
  await expectError(acquireDirPath("./logs/.gitignore"), "is not a directory");
  await expectError(acquireFilePath("./logs"), "is not a file");
}

async function expectError(work: Promise<unknown>, reason: string): Promise<void> {
  const text = await work.then(() => "no error", renderError);
  console.log(`\nas expected:${text}`);
  ensure(text.includes(reason), `the error does not say "${reason}"`);
}
