/** The parts of a volume in its short form. */
export interface VolumeParts {
  /** Path of the host or name of a volume; absent for a volume without a name. */
  readonly source?: string;
  /** Path inside. */
  readonly target: string;
  /** Words after the second colon. */
  readonly options: readonly string[];
}

/**
 * Takes `[source:]target[:options]` apart.
 *
 * @returns `undefined` when there are too many parts.
 */
export function splitVolume(text: string): VolumeParts | undefined {
  // A drive letter of Windows is no part of its own.
  const parts = text.split(/(?<!^[a-zA-Z]):(?![\\]{2})/);
  if (parts.length > 3 || parts.some((part) => part === "")) return undefined;
  const [first, second, third] = parts;
  if (second === undefined) return { target: first!, options: [] };
  return { source: first!, target: second, options: third?.split(",") ?? [] };
}

/** Tells whether the source of a volume is a path of the host, not the name of a volume. */
export function isHostPath(source: string): boolean {
  return /^(?:[./~]|[a-zA-Z]:[\\/])/.test(source);
}
