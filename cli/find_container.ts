import { didYouMean } from "../lib/diagnostics/mod.ts";
import { LABEL } from "../lib/containers/labels.ts";
import type { ContainerSummary, EngineClient } from "../lib/engine/mod.ts";
import { UsageError } from "./usage_error.ts";

/** Which containers are meant. */
export interface ContainerChoice {
  /** Only those of this network. */
  readonly project?: string;
  /** Also those that do not run. Default `false`. */
  readonly all?: boolean;
}

/**
 * Finds the containers of ours that a user names: by the name in the network, by the name on the
 * engine, or by the beginning of the id; by that of a service, which may have several.
 *
 * @param engine The engine.
 * @param name What the user wrote; `PROJECT/NAME` works too.
 * @returns The matches, the newest first; those of a service in their order.
 * @throws {UsageError} when there is none.
 */
export async function findContainers(
  engine: EngineClient,
  name: string,
  choice: ContainerChoice = {},
): Promise<readonly ContainerSummary[]> {
  const [before, after] = name.includes("/") ? name.split("/", 2) : [undefined, name];
  const project = choice.project ?? before;
  const wanted = after ?? name;
  const ours = await ownContainers(engine, { ...choice, project });
  const matches = ours.filter((one) =>
    one.Labels[LABEL.name] === wanted || one.Names.includes(`/${wanted}`) ||
    wanted.length >= 4 && one.Id.startsWith(wanted)
  );
  if (matches.length > 0) return matches.toSorted((a, b) => b.Created - a.Created);
  const replicas = ours.filter((one) => replicaOf(one, wanted) !== undefined);
  if (replicas.length > 0) {
    return replicas.toSorted((a, b) => replicaOf(a, wanted)! - replicaOf(b, wanted)!);
  }
  const meant = didYouMean(wanted, ours.flatMap((one) => one.Labels[LABEL.name] ?? []));
  const where = project === undefined ? "" : ` in "${project}"`;
  throw new UsageError(
    `Cannot find a container "${wanted}"${where}` +
      (meant === undefined ? "; `superorch ps -a` lists them" : `, did you mean "${meant}"?`),
  );
}

/** Which one of several containers of a service it is, `undefined` for none of them. */
function replicaOf({ Labels }: ContainerSummary, service: string): number | undefined {
  const name = Labels[LABEL.name] ?? "";
  const index = name.startsWith(`${service}-`) ? name.slice(service.length + 1) : "";
  return /^\d+$/.test(index) ? Number(index) : undefined;
}

/**
 * Finds the one container that a user names; the first one of a service that has several.
 *
 * @throws {UsageError} when there is none, or several networks have one of that name.
 */
export async function findContainer(
  engine: EngineClient,
  name: string,
  choice: ContainerChoice = {},
): Promise<ContainerSummary> {
  const matches = await findContainers(engine, name, choice);
  const projects = new Set(matches.map((one) => one.Labels[LABEL.run]));
  if (projects.size > 1) {
    const names = matches.map((one) => one.Names[0]?.slice(1)).join(", ");
    throw new UsageError(`Cannot choose a container "${name}": there are ${names}`);
  }
  return matches[0]!;
}

/** Lists the containers of ours. */
export async function ownContainers(
  engine: EngineClient,
  choice: ContainerChoice = {},
): Promise<readonly ContainerSummary[]> {
  return await engine.containers.list({
    all: choice.all === true,
    labels: {
      [LABEL.run]: true,
      ...(choice.project === undefined ? {} : { [LABEL.project]: choice.project }),
    },
  });
}
