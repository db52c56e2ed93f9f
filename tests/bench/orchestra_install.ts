/**
 * How fast orchestra installs: independent components with one job and with two, and the merge of
 * 10,000 files beside `cp -a`: `deno run -A tests/bench/orchestra_install.ts`.
 */
import { mergeIntoRoot } from "../../lib/orchestra/installed/merge.ts";
import { perform } from "../../lib/orchestra/actions/perform.ts";
import { loadConfiguration } from "../../lib/orchestra/config/mod.ts";

const COMPONENTS = 40;
const SLEEP_SECONDS = 0.25;
const FILES = 10_000;
const ROUNDS = 5;

const scratch = await Deno.makeTempDir();
try {
  await compareJobs();
  await compareMerge();
} finally {
  await Deno.remove(scratch, { recursive: true });
}

async function compareJobs(): Promise<void> {
  console.log(`\n${COMPONENTS} components, each of which sleeps ${SLEEP_SECONDS} s`);
  const lines = ["components:"];
  for (let index = 0; index < COMPONENTS; index++) {
    lines.push(
      `  c${index}:`,
      "    builds:",
      "      b:",
      '        configure: mkdir -p "$BUILD_DIR"',
      `        install: sleep ${SLEEP_SECONDS}; echo 1 > "$TMP_ROOT$ORCHESTRA_ROOT/f${index}"`,
    );
  }
  let first = 0;
  for (const jobs of [1, 2, 4]) {
    const dotdir = `${scratch}/jobs${jobs}/.orchestra`;
    await Deno.mkdir(`${dotdir}/config`, { recursive: true });
    await Deno.writeTextFile(`${dotdir}/config/components.yml`, `${lines.join("\n")}\n`);
    await Deno.writeTextFile(`${dotdir}/config/user_options.yml`, "");
    const configuration = await loadConfiguration({ dotdir });
    const start = performance.now();
    const { failed } = await perform({
      configuration,
      purpose: "bench",
      request: {
        targets: [...configuration.components.keys()].map((component) => ({
          kind: "install",
          component,
          build: "b",
        })),
        fromSource: true,
      },
      jobs,
      log: () => {},
    });
    if (failed.length > 0) throw failed[0];
    const seconds = (performance.now() - start) / 1000;
    if (jobs === 1) first = seconds;
    const ratio = (first / seconds).toFixed(2);
    console.log(`  --jobs ${jobs}  ${seconds.toFixed(1).padStart(6)} s  ${ratio} times as fast`);
  }
}

async function compareMerge(): Promise<void> {
  console.log(`\nmerging ${FILES} files of 1 KiB in 100 directories, median of ${ROUNDS}`);
  const source = `${scratch}/source`;
  const files: string[] = [];
  const content = new Uint8Array(1024);
  for (let index = 0; index < FILES; index++) {
    const directory = `share/d${index % 100}`;
    if (index < 100) await Deno.mkdir(`${source}/${directory}`, { recursive: true });
    files.push(`${directory}/f${index}`);
    Deno.writeFileSync(`${source}/${files[index]}`, content);
  }
  const times: Record<string, number[]> = { "cp -a": [], "merge, kept": [], "merge, moved": [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, list] of Object.entries(times)) {
      const root = `${scratch}/root`;
      const from = `${scratch}/from`;
      await copy(source, from);
      await Deno.mkdir(root);
      const start = performance.now();
      if (name === "cp -a") await copy(`${from}/.`, root);
      else {
        await mergeIntoRoot({
          root,
          from,
          files,
          installed: {
            component: "a",
            build: "b",
            recursiveHash: "0".repeat(40),
            source: "build",
            manuallyInstalled: true,
            installTimeSeconds: 0,
            binaryArchivePath: null,
          },
          keep: name === "merge, kept",
        });
      }
      list.push(performance.now() - start);
      await Deno.remove(root, { recursive: true });
      await Deno.remove(from, { recursive: true }).catch(() => {});
    }
  }
  const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? NaN;
  const floor = median(times["cp -a"] ?? []);
  for (const [name, list] of Object.entries(times)) {
    const ms = median(list);
    console.log(
      `  ${(ms / floor).toFixed(2).padStart(5)}  ${ms.toFixed(0).padStart(6)} ms  ${name}`,
    );
  }
}

async function copy(from: string, to: string): Promise<void> {
  const { success } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  if (!success) throw new Error(`Cannot copy ${from}`);
}
