import type { SettingRow } from "./table.ts";

/** A value that was understood: a list, a text, or a number of bytes. */
export type SettingValue = string | number | readonly string[];

/** Where a value was written. */
export interface WrittenValue {
  /** As it was written: text of a variable, or a value of TOML. */
  readonly raw: unknown;
  /** The variable, or file and key. */
  readonly place: string;
}

/**
 * Reads one value of a setting.
 *
 * @param row The setting.
 * @param written The value and where it is.
 * @returns The value.
 * @throws {TypeError} when it is not of the setting's form; the message names the place.
 */
export function parseValue(row: SettingRow, { raw, place }: WrittenValue): SettingValue {
  const fail = (wanted: string): never => {
    const shown = JSON.stringify(raw) ?? String(raw);
    throw new TypeError(`Cannot use ${place}=${shown.slice(0, 200)}: ${wanted}`);
  };
  switch (row.kind) {
    case "names":
    case "packages":
    case "images":
    case "hosts":
    case "places":
      return parseList(row, items(raw, fail), place, fail);
  }
  if (row.kind === "size" && typeof raw === "number" && Number.isSafeInteger(raw) && raw >= 0) {
    return raw;
  }
  if (row.kind === "flag" && typeof raw === "boolean") return raw ? "1" : "0";
  if (row.kind === "limit" && typeof raw === "number") return limitOf(String(raw), fail);
  if (typeof raw !== "string") return fail("it must be a text");
  if (raw.includes("\0")) return fail("it must not have a NUL in it");
  switch (row.kind) {
    case "choice":
      return row.choices!.includes(raw)
        ? raw
        : fail(`it must be one of ${row.choices!.join(", ")}`);
    case "size":
      return sizeOf(raw) ?? fail('it must look like "10G"');
    case "flag":
      if (!/^(?:[01]|true|false|)$/.test(raw)) fail("it must be 0 or 1");
      return raw === "1" || raw === "true" ? "1" : "0";
    case "limit":
      return limitOf(raw, fail);
    case "image":
      checkImage(raw, place, fail);
      if (row.key === "syntax" && raw !== "" && !FRONTEND.test(raw)) {
        fail("it must be docker/dockerfile, with a tag or digest");
      }
      return raw.replace(/^docker-image:\/\//, "");
    default:
      return raw;
  }
}

/** Others may do anything with what they are given. */
const FRONTEND =
  /^(?:docker-image:\/\/)?(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@][\w.:-]+)*$/;

/** `1024`, `1024:4096`: a soft limit, and a hard one. */
function limitOf(text: string, fail: (wanted: string) => never): string {
  if (text === "") return "";
  const [soft, hard = soft] = text.split(":").map(Number);
  if (!/^[1-9]\d{0,9}(?::[1-9]\d{0,9})?$/.test(text) || soft! > hard!) {
    fail('it must look like "1024" or "1024:4096", the smaller one first');
  }
  return `${soft}:${hard}`;
}

function items(raw: unknown, fail: (wanted: string) => never): readonly string[] {
  if (raw === "") return [];
  if (typeof raw === "string") return raw.split(",");
  if (Array.isArray(raw) && raw.every((item) => typeof item === "string")) return raw;
  return fail("it must be a list of texts");
}

function parseList(
  row: SettingRow,
  list: readonly string[],
  place: string,
  fail: (wanted: string) => never,
): readonly string[] {
  for (const item of list) {
    if (item === "") fail("it has an empty item");
    if (/\s/.test(item)) fail("items must not have blanks in them");
    if (/["'`;\\\0]/.test(item)) fail("items must not have quotes, ';' or '\\' in them");
    if (item.startsWith("-")) fail("items must not begin with '-'");
    if (row.choices?.includes(item) === false) {
      fail(`items must be of ${row.choices.join(", ")}`);
    }
    if (row.key === "set-envs") checkName(item, fail);
    if (row.key === "components" && !/^[a-z][\w-]*$/.test(item)) {
      fail(`${JSON.stringify(item)} is no name of a component`);
    }
    if (row.kind === "images") checkRepository(item, place, fail);
    if (row.kind === "hosts" && !/^[\w.-]+(?::\d+)?(?:\/[\w./-]+)?$/.test(item)) {
      fail("items must be hosts, with a port or a path");
    }
    if (row.kind === "places" && !/^(?:\/|https?:\/\/[^/])/.test(item)) {
      fail("items must be absolute directories or http(s):// addresses");
    }
  }
  const unique = [...new Set(list)];
  // Packages are asked for by several people; elsewhere a double is a slip.
  if (unique.length < list.length && row.kind !== "packages") fail("it has an item twice");
  if (row.kind === "images") return unique.map((item) => item.replace(/^docker-image:\/\//, ""));
  // The first of them is asked first.
  return row.kind === "places" || row.kind === "hosts" ? unique : unique.sort();
}

function checkName(item: string, fail: (wanted: string) => never): void {
  if (!/^[A-Za-z_]\w*$/.test(item)) fail(`${JSON.stringify(item)} is no name of a variable`);
  if (/^(?:CARGOGREEN|RUSTCBUILDX)(?:_|$)/.test(item)) fail("our own variables are never passed");
}

/** Scripts for the older program name images without a scheme. */
function checkImage(raw: string, place: string, fail: (wanted: string) => never): void {
  if (raw === "") return;
  if (/[\s"'`;\\]/.test(raw)) fail("an image must not have blanks, quotes, ';' or '\\' in it");
  if (raw.startsWith("docker-image://") && raw.length > "docker-image://".length) return;
  if (/:\/\//.test(raw) || !place.startsWith("RUSTCBUILDX_")) {
    fail("an image must begin with docker-image://");
  }
}

function checkRepository(item: string, place: string, fail: (wanted: string) => never): void {
  checkImage(item, place, fail);
  const name = item.replace(/^docker-image:\/\//, "");
  if (!name.includes("/")) fail("a repository must have a '/': registry/name");
  if (name.includes("@")) fail("a repository must not have a digest");
}

/** `10G`, `1.5M`, `300`: multiples of 1000. */
function sizeOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * 1000 ** " kmgt".indexOf((match[2] || " ").toLowerCase());
}
