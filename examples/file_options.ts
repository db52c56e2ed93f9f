// Reading and writing files, the short way and step by step.
//
//     deno run -A examples/file_options.ts
//
// Everything happens in a temporary directory, which is removed at the end.
import { chainOf, ensure, ensureEq, renderError, runMain } from "../lib/errors/mod.ts";
import {
  acquireFile,
  closeFile,
  type FileOptions,
  preacquire,
  readText,
  writeAtomic,
  writeText,
} from "../lib/files/mod.ts";

const example = "./logs/example.log";

await runMain(async () => {
  const home = Deno.cwd();
  const directory = await Deno.makeTempDir();
  Deno.chdir(directory);
  try {
    await Deno.mkdir("logs");
    await theLongWay();
    await theShortWay();
    await errors();
    await inSteps();
    await appending();
    await asAWhole();
  } finally {
    Deno.chdir(home);
    await Deno.remove(directory, { recursive: true });
  }
});

async function theLongWay(): Promise<void> {
  const writing = await acquireFile({ path: example, write: {} });
  await writing.write(new TextEncoder().encode("test"));
  await closeFile(writing); // on the disk now, not only in the system's memory

  using reading = await acquireFile({ path: example });
  const buffer = new Uint8Array(16);
  const count = await reading.read(buffer);
  ensureEq(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), "test");
}

async function theShortWay(): Promise<void> {
  await writeText(example, "test");
  ensureEq(await readText(example), "test");
  await writeText(["./logs", "example.log"], "test"); // directory and name apart
  ensureEq(await readText(["./logs", "example.log"]), "test");
  await writeText("bare.log", "a bare name means the current directory");
  await writeText("./logs/of/today.log", "", { parents: true }); // directories only on request
}

async function errors(): Promise<void> {
  const noDirectory = await writeText("./nonexistent/example.log", "test").catch((error) => error);
  console.log(`a missing directory, newest layer first:${renderError(noDirectory)}\n`);
  ensure(renderError(noDirectory).includes('acquireDirPath(path: "./nonexistent")'));
  ensure(chainOf(noDirectory).length >= 3);

  const noFile = await readText("./logs/nonexistent.log").catch((error) => error);
  console.log(`a missing file:${renderError(noFile)}`);
  ensure(renderError(noFile).includes("could not acquire the file"));
}

async function inSteps(): Promise<void> {
  // Plain data: it can be stored, printed, and sent to another program.
  const options: FileOptions = { path: example, write: { create: true, append: false } };
  const { directory, fileName } = await preacquire(options); // checks, and opens nothing
  ensure(directory.endsWith("logs"));
  ensureEq(fileName, "example.log");
  const file = await acquireFile(options);
  await file.write(new TextEncoder().encode("test"));
  await closeFile(file);
  ensureEq(await readText(example), "test");
}

async function appending(): Promise<void> {
  await writeText(example, " part 2", { append: true, create: false });
  ensureEq(await readText(example), "test part 2");
  const error = await writeText("./logs/new.log", "", { append: true, create: false })
    .catch((error) => error);
  ensure(error instanceof Error, "append without create must not create a file");
}

async function asAWhole(): Promise<void> {
  // For a file that others read meanwhile: they see the old content or the new, never a part.
  await writeAtomic(example, "test part 3");
  ensureEq(await readText(example), "test part 3");
}
