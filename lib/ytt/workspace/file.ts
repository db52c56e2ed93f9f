/** An input file, and what its name and marks say about it. */

/** A file as it is given to `render`. */
export interface InputFile {
  /** Path relative to the root of its group, with `/`. */
  readonly path: string;
  /** The contents, or how to get them when they are needed. */
  readonly data: string | Uint8Array | (() => string | Uint8Array);
}

/** What a file is read as. */
export type FileType = "yaml" | "text" | "starlark" | "data";

/** A file in the workspace. Marks change everything but its contents. */
export class WorkFile {
  path: string;
  #data: InputFile["data"];
  #type: FileType | undefined;
  #template: boolean | undefined;
  #forOutput: boolean | undefined;

  constructor(file: InputFile) {
    this.path = file.path;
    this.#data = file.data;
  }

  /** The contents. */
  get data(): string | Uint8Array {
    if (typeof this.#data === "function") this.#data = this.#data();
    return this.#data;
  }

  get type(): FileType {
    if (this.#type !== undefined) return this.#type;
    if (/\.ya?ml$/.test(this.path)) return "yaml";
    if (this.path.endsWith(".star")) return "starlark";
    return this.path.endsWith(".txt") ? "text" : "data";
  }

  /** Whether the file is only there to be loaded. */
  get isLibrary(): boolean {
    const parts = this.path.slice(this.path.lastIndexOf("/") + 1).split(".");
    return parts.length > 2 && parts[parts.length - 2] === "lib";
  }

  /** Whether `#@` in the file means something. */
  get isTemplate(): boolean {
    return this.#template ?? (this.type === "yaml" || this.type === "text");
  }

  /** Whether its result is a result of the whole. */
  get forOutput(): boolean {
    if (this.#forOutput !== undefined) return this.#forOutput;
    if (this.#type !== undefined && this.#type !== "starlark") return true;
    return !this.isLibrary && (this.type === "yaml" || this.type === "text");
  }

  set forOutput(value: boolean) {
    this.#forOutput = value;
  }

  /** `type=…` of a file mark. */
  mark(type: FileType, template: boolean): void {
    this.#type = type;
    this.#template = template;
  }

  /** The contents as text; invalid UTF-8 is an error with the line. */
  text(): string {
    const data = this.data;
    if (typeof data === "string") return data;
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(data);
    } catch {
      const good = new TextDecoder().decode(data);
      const line = good.slice(0, good.indexOf("\ufffd")).split("\n").length;
      throw new Error(`File '${this.path}' is not valid UTF-8 (line ${line})`);
    }
  }
}

/** Orders paths as ytt does: by the bytes of their parts joined. */
export function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
