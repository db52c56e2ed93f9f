import { emitYaml } from "../yaml_tree/mod.ts";
import type { ComposeModel, Service } from "./model.ts";
import type { Project } from "./project.ts";

/** How a resolved project is printed. */
export interface PrintOptions {
  /** Default `yaml`. */
  readonly format?: "yaml" | "json";
}

/**
 * Gives what `compose config` prints: the canonical form, in which a dollar sign is written twice,
 * so that it can be read again and means the same.
 *
 * @param project The project.
 * @returns Plain data.
 */
export function resolveConfig(project: Project): ComposeModel {
  const { services, ...rest } = project.model;
  const shown = Object.fromEntries(
    Object.entries(services).map(([name, service]) => [name, ordered(service)]),
  );
  const { name, ...resources } = rest;
  return escaped({ name, services: shown, ...resources }) as ComposeModel;
}

/**
 * Prints a resolved project.
 *
 * @param project The project.
 * @param options `format`.
 * @returns Text with a newline at its end.
 */
export function printConfig(project: Project, options: PrintOptions = {}): string {
  const config = resolveConfig(project);
  if (options.format === "json") return `${JSON.stringify(config, null, 2)}\n`;
  return emitYaml(config);
}

// Names of variables, labels and the like are sorted, as what they came from has no order.
function ordered(service: Service): Service {
  const sorted = [
    "environment",
    "labels",
    "annotations",
    "depends_on",
    "networks",
    "sysctls",
  ] as const;
  const changes: Record<string, unknown> = {};
  for (const key of sorted) {
    const value = service[key];
    if (value === undefined) continue;
    changes[key] = Object.fromEntries(
      Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : a > b ? 1 : 0),
    );
  }
  // Profiles first, and the others by name, as Compose prints them.
  const rank = (name: string) => name === "profiles" ? "" : name;
  return Object.fromEntries(
    Object.entries({ ...service, ...changes }).toSorted(([a], [b]) => rank(a) < rank(b) ? -1 : 1),
  );
}

function escaped(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, escaped(one)]));
}
