// Works with bare file names in DIR.
import { acquireFilePath, copyFile, readText, writeText } from "../../../lib/files/mod.ts";

Deno.chdir(Deno.args[0]!);
await writeText("x.txt", "bare");
await copyFile("x.txt", ["", "copy.txt"]);
if (await readText("copy.txt") !== "bare") throw new Error("the copy differs");
if (await acquireFilePath("x.txt") !== `${Deno.args[0]}/x.txt`) throw new Error("another path");
