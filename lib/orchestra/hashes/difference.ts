import { readYaml } from "../../ytt/yaml/read.ts";
import { toPlain } from "../../ytt/yaml/plain.ts";

/** Hash material with the names of the components that its items are about. */
export interface NamedMaterial {
  /** The text. */
  readonly material: string;
  /** Names in the order of the items; absent when they were not kept. */
  readonly names?: readonly string[];
}

interface Item {
  readonly text: string;
  readonly name: string | undefined;
}

/**
 * Says in words how one hash material differs from another.
 *
 * @param before The older one. Where the names of its items are not known, they are guessed from
 * the newer one.
 * @param now The newer one.
 * @returns One sentence for each difference, without final periods; empty when there is none.
 * @throws {YamlError} when a text is not hash material.
 */
export function describeDifference(
  before: NamedMaterial,
  now: Required<NamedMaterial>,
): readonly string[] {
  const newer = itemsOf(now);
  const older = named(itemsOf(before), newer);
  const byName = new Map(older.map((item) => [item.name, item]));
  const sentences: string[] = [];
  for (const item of newer) {
    const old = byName.get(item.name);
    byName.delete(item.name);
    if (old === undefined) sentences.push(`${item.name}: is new among what it depends on`);
    else if (old.text !== item.text) sentences.push(...itemDifference(item.name!, old, item));
  }
  for (const { name } of byName.values()) {
    sentences.push(`${name ?? "A component"}: is no longer among what it depends on`);
  }
  return sentences;
}

function itemsOf({ material, names }: NamedMaterial): readonly Item[] {
  // Items start in the first column, where nothing else of them stands.
  const texts = material.split(/^(?=- )/m).filter((text) => text !== "");
  const known = names?.length === texts.length ? names : undefined;
  return texts.map((text, index) => ({ text, name: known?.[index] }));
}

/** Gives names to older items: that of the same item, or else of the next one that is like it. */
function named(older: readonly Item[], newer: readonly Item[]): readonly Item[] {
  if (older.every(({ name }) => name !== undefined)) return older;
  const same = new Map<string, string[]>();
  for (const { text, name } of newer) same.set(text, [...same.get(text) ?? [], name!]);
  const found = older.map((item) => ({ ...item, name: same.get(item.text)?.shift() }));
  const taken = new Set(found.map(({ name }) => name));
  const free = newer.filter(({ name }) => !taken.has(name));
  const signatures = free.map(({ text }) => signature(text));
  return found.map((item) => {
    if (item.name !== undefined) return item;
    const wanted = signature(item.text);
    const at = signatures.findIndex((one) => one === wanted);
    if (at < 0) return item;
    signatures[at] = "";
    return { ...item, name: free[at]!.name };
  });
}

function signature(text: string): string {
  const item = plain(text);
  return JSON.stringify([item["repository"], Object.keys(record(item["builds"])).sort()]);
}

type Plain = Readonly<Record<string, unknown>>;

function plain(text: string): Plain {
  const [item] = toPlain(readYaml(text, { withoutComments: true }).items[0]!.value) as Plain[];
  return item ?? {};
}

function record(value: unknown): Plain {
  return typeof value === "object" && value !== null ? value as Plain : {};
}

function itemDifference(name: string, before: Item, now: Item): readonly string[] {
  const [old, current] = [plain(before.text), plain(now.text)];
  const sentences = fieldDifferences(name, old, current, ["builds"]);
  const [oldBuilds, builds] = [record(old["builds"]), record(current["builds"])];
  for (const build of Object.keys(builds)) {
    if (!Object.hasOwn(oldBuilds, build)) sentences.push(`${name}: build ${build} is new`);
    else {
      const [one, other] = [record(oldBuilds[build]), record(builds[build])];
      sentences.push(...fieldDifferences(`${name}@${build}`, one, other, []));
    }
  }
  for (const build of Object.keys(oldBuilds)) {
    if (!Object.hasOwn(builds, build)) sentences.push(`${name}: build ${build} is gone`);
  }
  return sentences;
}

function fieldDifferences(
  who: string,
  old: Plain,
  now: Plain,
  except: readonly string[],
): string[] {
  const keys = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...keys].filter((key) => !except.includes(key)).sort().flatMap((key) => {
    const [before, after] = [old[key] ?? null, now[key] ?? null];
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    return [`${who}: ${fieldDifference(key, before, after)}`];
  });
}

function fieldDifference(key: string, before: unknown, after: unknown): string {
  const label = key.replaceAll("_", " ");
  if (key === "configure" || key === "install") {
    return `the ${key} script has changed ${lineDifference(String(before), String(after))}`;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const added = after.filter((one) => !before.includes(one)).map((one) => `+${one}`);
    const removed = before.filter((one) => !after.includes(one)).map((one) => `-${one}`);
    const changes = [...added, ...removed];
    return `the ${label} have ${
      changes.length === 0 ? "another order" : `changed: ${changes.join(" ")}`
    }`;
  }
  return `${key === "ndebug" ? key : `the ${label}`} was ${shown(before)} and is ${shown(after)}`;
}

/** The first line that differs, and how many do. */
function lineDifference(before: string, after: string): string {
  const [old, now] = [before.split("\n"), after.split("\n")];
  let first = 0;
  while (first < old.length && first < now.length && old[first] === now[first]) first++;
  let last = 0;
  while (
    last < Math.min(old.length, now.length) - first && old.at(-1 - last) === now.at(-1 - last)
  ) last++;
  const [removed, added] = [old.length - first - last, now.length - first - last];
  const lines = `${removed} ${removed === 1 ? "line" : "lines"} by ${added}`;
  return `from line ${first + 1} on, ${lines}: ${shown(old[first] ?? null)} -> ${
    shown(now[first] ?? null)
  }`;
}

/** Longer values are cut. */
const MAX_SHOWN = 100;

function shown(value: unknown): string {
  if (value === null) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}
