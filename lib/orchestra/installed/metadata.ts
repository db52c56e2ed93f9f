import { OrchestraError } from "../errors.ts";
import { type InstalledBuild, sanitize } from "../model.ts";
import { joinPath } from "../_path.ts";

/** Where the metadata of a root is, relative to it. */
export const METADATA_DIRECTORY = "share/orchestra";
/** Where roots of sandboxes are made: in the file system of the root, so that hard links will do. */
export const SANDBOX_DIRECTORY = `${METADATA_DIRECTORY}/.sandbox`;

/** Metadata of an installed component that cannot be understood. */
export class BrokenMetadataError extends OrchestraError {
  /** The name of the class. */
  override readonly name: string = "BrokenMetadataError";
  /** The file. */
  readonly path: string;

  /**
   * Makes the error.
   *
   * @param path The file.
   * @param reason What is wrong with it.
   */
  constructor(path: string, reason: string) {
    const component = path.slice(path.lastIndexOf("/") + 1).replace(/\.(json|idx)$/, "");
    super(
      `Cannot read what is installed: ${JSON.stringify(path)} ${reason}. ` +
        // Without an index nobody knows what to remove, so uninstalling needs one.
        (path.endsWith(".idx")
          ? `Restore the file; or remove it, and \`orc verify\` lists what is left of ${component}`
          : `Restore the file, or run \`orc uninstall ${component}\``),
    );
    this.path = path;
  }
}

/**
 * The file that says how a component was installed.
 *
 * @param component Name of the component.
 * @returns Path relative to the root.
 */
export function metadataFile(component: string): string {
  return `${METADATA_DIRECTORY}/${sanitize(component)}.json`;
}

/**
 * The file that lists what a component has installed.
 *
 * @param component Name of the component.
 * @returns Path relative to the root.
 */
export function indexFile(component: string): string {
  return `${METADATA_DIRECTORY}/${sanitize(component)}.idx`;
}

/**
 * Writes metadata as orchestra 3.2.0 does: Python's JSON, fields in this order.
 *
 * @param installed What is installed.
 * @returns One line without a newline.
 */
export function formatMetadata(installed: InstalledBuild): string {
  const text = (value: string) =>
    JSON.stringify(value).replace(
      /[\u007f-\uffff]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  const seconds = installed.installTimeSeconds;
  const fields = {
    component_name: text(installed.component),
    build_name: text(installed.build),
    recursive_hash: text(installed.recursiveHash),
    source: text(installed.source),
    manually_installed: String(installed.manuallyInstalled),
    // A float in Python's eyes, which some readers insist on.
    install_time: Number.isInteger(seconds) ? seconds.toFixed(1) : String(seconds),
    binary_archive_path: installed.binaryArchivePath === null
      ? "null"
      : text(installed.binaryArchivePath),
  };
  return `{${Object.entries(fields).map(([name, value]) => `"${name}": ${value}`).join(", ")}}`;
}

/**
 * Reads metadata, also what the original has written.
 *
 * @param text Content of the file.
 * @param path The file, for the error.
 * @returns What is installed.
 * @throws {BrokenMetadataError} when it is no such metadata.
 */
export function parseMetadata(text: string, path: string): InstalledBuild {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(text);
  } catch {
    throw new BrokenMetadataError(path, "is not JSON");
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw new BrokenMetadataError(path, "is not a JSON object");
  }
  const string = (name: string): string => {
    const value = fields[name];
    if (typeof value === "string") return value;
    throw new BrokenMetadataError(path, `has no text "${name}"`);
  };
  const time = fields["install_time"];
  const archive = fields["binary_archive_path"];
  return {
    component: string("component_name"),
    build: string("build_name"),
    recursiveHash: string("recursive_hash"),
    source: string("source") === "binary archives" ? "binary archives" : "build",
    manuallyInstalled: fields["manually_installed"] === true,
    installTimeSeconds: typeof time === "number" ? time : 0,
    binaryArchivePath: typeof archive === "string" ? archive : null,
  };
}

/**
 * The directory of the metadata of a root.
 *
 * @param root The root.
 * @returns Its path.
 */
export function metadataDirectory(root: string): string {
  return joinPath(root, METADATA_DIRECTORY);
}
