/** The value of an own name; what every object inherits is none. */
export function ownOf<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** A size of the model, as a number. */
export function bytes(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

/** Changes each value and keeps the names. */
export function mapValues<T, U>(
  values: Readonly<Record<string, T>>,
  change: (value: T) => U,
): Readonly<Record<string, U>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

/** Leaves out what nobody set, and volumes that are none: they do not show in prints and hashes. */
export function compact<T extends object>(fields: object): T {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) =>
      value !== undefined && !(name === "volumes" && (value as unknown[]).length === 0)
    ),
  ) as T;
}

/** Reads `name=address` lines of the model. */
export function hostsOf(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(lines.map((line) => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)];
  }));
}
