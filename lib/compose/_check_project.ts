import { didYouMean } from "../diagnostics/mod.ts";
import type { ComposeModel, Service } from "./model.ts";
import type { Reader } from "./_reader.ts";
import { child, isNull, type MapNode, type Place, type TreeNode } from "../yaml_tree/mod.ts";

interface CheckContext {
  readonly tree: MapNode;
  readonly reader: Reader;
  /** All services, those that are not enabled too. */
  readonly all: Readonly<Record<string, Service>>;
}

type Kind = "network" | "volume" | "config" | "secret";

/**
 * Checks what refers to something else, and what does not go together.
 *
 * @returns The model without networks, volumes, configs and secrets that nothing uses, and without
 * dependencies that need not be there and are not.
 */
export function checkProject(model: ComposeModel, context: CheckContext): ComposeModel {
  const used = { network: new Set(), volume: new Set(), config: new Set(), secret: new Set() };
  const services = Object.fromEntries(
    Object.entries(model.services).map(([name, service]) => [
      name,
      new ServiceCheck(name, service, model, context, used as never).check(),
    ]),
  );
  checkContainerNames(model, context);
  checkCircles(services, context);
  const keep = <T>(all: Readonly<Record<string, T>> | undefined, names: ReadonlySet<unknown>) => {
    const entries = Object.entries(all ?? {}).filter(([name]) => names.has(name));
    return entries.length === 0 ? undefined : Object.fromEntries(
      entries.toSorted(([a], [b]) => a < b ? -1 : 1),
    );
  };
  const rest = {
    networks: keep(model.networks, used.network),
    volumes: keep(model.volumes, used.volume),
    secrets: keep(model.secrets, used.secret),
    configs: keep(model.configs, used.config),
  };
  return {
    name: model.name,
    services,
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
  };
}

class ServiceCheck {
  readonly #name: string;
  readonly #service: Service;
  readonly #model: ComposeModel;
  readonly #context: CheckContext;
  readonly #used: Readonly<Record<Kind, Set<string>>>;
  readonly #node: TreeNode;

  constructor(
    name: string,
    service: Service,
    model: ComposeModel,
    context: CheckContext,
    used: Readonly<Record<Kind, Set<string>>>,
  ) {
    this.#name = name;
    this.#service = service;
    this.#model = model;
    this.#context = context;
    this.#used = used;
    this.#node = child(child(context.tree, "services"), name)!;
  }

  check(): Service {
    this.#checkImage();
    this.#checkNetworks();
    this.#checkVolumes();
    this.#checkFiles();
    this.#checkShared();
    this.#checkTwice();
    return this.#checkDependencies();
  }

  #error(path: readonly string[], message: string, hint?: string): void {
    this.#context.reader.error(locate(this.#node, path) ?? this.#key(), message, hint);
  }

  #key(): Place {
    const services = child(this.#context.tree, "services") as MapNode;
    return services.entries.get(this.#name)!.key;
  }

  #use(kind: Kind, name: string, path: readonly string[]): boolean {
    const all = this.#model[`${kind}s`] ?? {};
    this.#used[kind].add(name);
    if (Object.hasOwn(all, name)) return true;
    // What was written wrong was reported where it stands.
    if (child(child(this.#context.tree, `${kind}s`), name) !== undefined) return false;
    const meant = didYouMean(name, Object.keys(all));
    this.#error(
      path,
      `Service "${this.#name}" uses ${kind} "${name}", which is not in "${kind}s"`,
      meant === undefined ? undefined : `did you mean "${meant}"?`,
    );
    return false;
  }

  #checkImage(): void {
    const { image, build, pull_policy: pull } = this.#service;
    // One that is written wrong, or that cannot be extended, was reported already.
    const isTold = ["image", "build", "extends"].some((name) => {
      const value = child(this.#node, name);
      return value !== undefined && !isNull(value);
    });
    if (image === undefined && build === undefined && !isTold) {
      this.#error([], `Service "${this.#name}" must have an "image" or a "build"`);
    }
    if (
      build !== undefined && build.context === undefined && build.dockerfile_inline === undefined
    ) {
      this.#error(["build"], `"services.${this.#name}.build" must have a "context"`);
    }
    if (pull === "build" && build === undefined) {
      this.#error(["pull_policy"], `Service "${this.#name}" has nothing to build`);
    }
    for (const [index, { source }] of (build?.secrets ?? []).entries()) {
      this.#use("secret", source, ["build", "secrets", String(index)]);
    }
  }

  #checkNetworks(): void {
    const { networks, network_mode: mode, ports, mac_address: mac } = this.#service;
    if (mode !== undefined && networks !== undefined) {
      this.#error(
        ["network_mode"],
        `Service "${this.#name}" must not have both "network_mode" and "networks"`,
      );
    }
    if (mode !== undefined && mode !== "bridge" && (ports?.length ?? 0) > 0) {
      const shares = mode.startsWith("service:") || mode.startsWith("container:");
      const why = mode === "host"
        ? "its ports are those of the host"
        : shares
        ? "the other one has the ports"
        : "it is in no network";
      this.#error(["ports"], `Cannot publish ports of service "${this.#name}": ${why}`);
    }
    if (mode !== undefined && mac !== undefined && mode !== "bridge") {
      this.#error(
        ["mac_address"],
        `Service "${this.#name}" has no network of its own to give an address to`,
      );
    }
    for (const [name, settings] of Object.entries(networks ?? {})) {
      if (!this.#use("network", name, ["networks", name])) continue;
      const network = this.#model.networks![name]!;
      for (const key of ["ipv4_address", "ipv6_address"] as const) {
        if (settings?.[key] === undefined || network.external === true) continue;
        const isSix = key === "ipv6_address";
        const fits = network.ipam?.config?.some(({ subnet }) => subnet?.includes(":") === isSix);
        if (fits !== true) {
          this.#error(
            ["networks", name, key],
            `Network "${name}" must have an IPv${isSix ? 6 : 4} subnet for a static address`,
            `give it one in "networks.${name}.ipam.config"`,
          );
        }
      }
    }
  }

  #checkVolumes(): void {
    for (const { type, source } of this.#service.volumes ?? []) {
      if (type !== "volume" || source === undefined) continue;
      this.#use("volume", source, ["volumes", source]);
    }
  }

  #checkFiles(): void {
    for (const kind of ["config", "secret"] as const) {
      for (const { source } of this.#service[`${kind}s`] ?? []) {
        const path = [`${kind}s`, source];
        if (!this.#use(kind, source, path)) continue;
        const { file } = this.#model[`${kind}s`]![source]!;
        if (this.#service.read_only === true && file === undefined) {
          this.#error(
            path,
            `Cannot put ${kind} "${source}" into service "${this.#name}": its root file system ` +
              `is read-only, so the ${kind} must be a "file"`,
          );
        }
      }
    }
  }

  #checkShared(): void {
    for (const key of ["network_mode", "ipc", "pid"] as const) {
      const mode = this.#service[key];
      if (mode === undefined) continue;
      const known = {
        network_mode: /^(?:host|none|bridge|default|service:.+|container:.+)$/,
        ipc: /^(?:none|private|shareable|host|service:.+|container:.+)$/,
        pid: /^(?:host|service:.+|container:.+)$/,
      }[key];
      if (!known.test(mode)) {
        const other = key === "network_mode" ? '; networks go into "networks"' : "";
        this.#error([key], `Unknown "${key}" "${mode}" of service "${this.#name}"${other}`);
      } else if (mode.startsWith("service:")) this.#requireService(mode.slice(8), [key], true);
    }
    for (const from of this.#service.volumes_from ?? []) {
      if (from.startsWith("container:")) continue;
      this.#requireService(from.split(":")[0]!, ["volumes_from", from.split(":")[0]!], true);
    }
    for (const link of this.#service.links ?? []) {
      this.#requireService(link.split(":")[0]!, ["links", link], true);
    }
  }

  #checkTwice(): void {
    const { scale, deploy, container_name: name } = this.#service;
    const limits = deploy?.resources?.limits;
    const same = (path: string, a: unknown, other: string, b: unknown) => {
      if (a === undefined || b === undefined || a === b) return;
      this.#error([path], `"${path}" and "${other}" of service "${this.#name}" must be the same`);
    };
    same("scale", scale, "deploy.replicas", deploy?.replicas);
    same("mem_limit", this.#service.mem_limit, "deploy.resources.limits.memory", limits?.memory);
    same("cpus", this.#service.cpus, "deploy.resources.limits.cpus", limits?.cpus);
    same("pids_limit", this.#service.pids_limit, "deploy.resources.limits.pids", limits?.pids);
    for (const name of ["cpu_period", "cpu_quota"] as const) {
      if (this.#service[name] === undefined) continue;
      if ((this.#service.cpus ?? limits?.cpus) === undefined) continue;
      this.#error([name], `Service "${this.#name}" must not have both "cpus" and "${name}"`);
    }
    const reservation = deploy?.resources?.reservations?.memory;
    same(
      "mem_reservation",
      this.#service.mem_reservation,
      "deploy.resources.reservations.memory",
      reservation,
    );
    if (name !== undefined && (scale ?? deploy?.replicas ?? 1) > 1) {
      this.#error(
        ["container_name"],
        `Service "${this.#name}" must not have a "container_name" and several containers`,
      );
    }
  }

  #checkDependencies(): Service {
    const { depends_on: dependencies } = this.#service;
    if (dependencies === undefined) return this.#service;
    const kept = Object.entries(dependencies).filter(([name, { required }]) => {
      if (Object.hasOwn(this.#model.services, name)) return true;
      // A shared name space or a link was reported already.
      if (locate(this.#node, ["depends_on", name]) !== undefined) {
        this.#requireService(name, ["depends_on", name], required);
      }
      return false;
    });
    if (kept.length === 0) {
      const { depends_on: _none, ...rest } = this.#service;
      return rest;
    }
    return { ...this.#service, depends_on: Object.fromEntries(kept) };
  }

  #requireService(name: string, path: readonly string[], required: boolean): void {
    const { services } = this.#model;
    if (Object.hasOwn(services, name)) return;
    const { all } = this.#context;
    const hidden = Object.hasOwn(all, name) ? all[name] : undefined;
    if (hidden !== undefined) {
      if (!required) return;
      const profiles = (hidden.profiles ?? []).map((profile) => `"${profile}"`).join(", ");
      this.#error(
        path,
        `Service "${this.#name}" needs service "${name}", which is not enabled`,
        `activate one of its profiles: ${profiles}`,
      );
      return;
    }
    // A service that could not be read is there nevertheless.
    if (child(child(this.#context.tree, "services"), name) !== undefined) return;
    if (!required) return;
    const others = Object.keys(this.#context.all).filter((other) => other !== this.#name);
    const meant = didYouMean(name, others);
    this.#error(
      path,
      `Service "${this.#name}" needs service "${name}", which is not in "services"`,
      meant === undefined ? undefined : `did you mean "${meant}"?`,
    );
  }
}

function checkContainerNames({ services }: ComposeModel, { tree, reader }: CheckContext): void {
  const owners = new Map<string, string>();
  for (const [name, { container_name: container }] of Object.entries(services)) {
    if (container === undefined) continue;
    const owner = owners.get(container);
    owners.set(container, name);
    if (owner === undefined) continue;
    const at = locate(child(child(tree, "services"), name)!, ["container_name"])!;
    reader.error(at, `Container name "${container}" is that of service "${owner}" too`);
  }
}

function checkCircles(
  services: Readonly<Record<string, Service>>,
  { tree, reader }: CheckContext,
): void {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string) => {
    if (done.has(name)) return;
    const at = path.indexOf(name);
    if (at !== -1) {
      const circle = [...path.slice(at), name];
      const last = child(child(tree, "services"), circle.at(-2)!)!;
      const place = locate(last, ["depends_on", name]) ??
        locate(last, ["links"]) ?? locate(last, ["volumes_from", name]) ?? last;
      reader.error(place, `Services depend on each other in a circle: ${circle.join(" -> ")}`);
      return;
    }
    path.push(name);
    for (const other of Object.keys(services[name]?.depends_on ?? {})) visit(other);
    path.pop();
    done.add(name);
  };
  Object.keys(services).forEach(visit);
}

/** Finds the place of a value; in a list that of the item that begins with the name. */
function locate(node: TreeNode, path: readonly string[]): Place | undefined {
  let at: TreeNode | undefined = node;
  let found: Place | undefined;
  for (const name of path) {
    if (at?.kind === "map") {
      const entry = at.entries.get(name);
      if (entry === undefined) return undefined;
      found = path.at(-1) === name && entry.value.kind === "scalar" && entry.value.text !== ""
        ? entry.value
        : entry.key;
      at = entry.value;
    } else if (at?.kind === "list") {
      const item: TreeNode | undefined = /^\d+$/.test(name)
        ? at.items[Number(name)]
        : at.items.find((item) =>
          item.kind === "scalar"
            ? item.text === name || item.text.startsWith(`${name}:`)
            : itemSource(item) === name
        );
      if (item === undefined) return undefined;
      found = item.kind === "map" ? item.entries.get("source")?.value ?? item : item;
      at = item;
    } else return found;
  }
  return found;
}

function itemSource(item: TreeNode): string | undefined {
  const source = child(item, "source");
  return source?.kind === "scalar" ? source.text : undefined;
}
