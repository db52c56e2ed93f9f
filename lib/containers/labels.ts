/** What every object that superorch makes on an engine is labelled with. */
export const LABEL = {
  /** Id of the run, 16 hexadecimal digits. */
  run: "org.superorch.run",
  /** Name of the network it belongs to. */
  project: "org.superorch.project",
  /** Its name in that network. */
  name: "org.superorch.name",
  /** Name of the machine that made it. */
  host: "org.superorch.host",
  /** Hash of its specification. */
  spec: "org.superorch.spec",
  /** The process that made it, see {@linkcode Owner}. */
  owner: "org.superorch.owner",
  /** A {@linkcode Lifetime}. */
  lifetime: "org.superorch.lifetime",
  /** What it was started after: names with commas, so that `down` needs no file for its order. */
  after: "org.superorch.after",
} as const;

/**
 * How long something lives: `owner`, as long as the process that made it; `kept`, until somebody
 * removes it by name.
 */
export type Lifetime = "owner" | "kept";

/** What the labels of one object are made of. */
export interface LabelValues {
  /** Id of the run. */
  readonly run: string;
  /** Name of the network. */
  readonly project: string;
  /** Its own name, absent for the network itself. */
  readonly name?: string;
  /** Name of the machine. */
  readonly host: string;
  /** Hash of its specification, absent for the network itself. */
  readonly spec?: string;
  /** The process that made it. */
  readonly owner: string;
  /** How long it lives. */
  readonly lifetime: Lifetime;
  /** What it was started after, absent for nothing. */
  readonly after?: string;
}

/**
 * Writes the labels of one object.
 *
 * @param values What they say.
 * @returns Label names to values.
 */
export function labelsOf(values: LabelValues): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const key of Object.keys(LABEL) as (keyof typeof LABEL)[]) {
    const value = values[key];
    if (value !== undefined) labels[LABEL[key]] = value;
  }
  return labels;
}
