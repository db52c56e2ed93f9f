import type { Located, Readiness, Service } from "./model.ts";
import {
  bool,
  either,
  type Fields,
  filled,
  int,
  isMap,
  listOrOne,
  mapped,
  object,
  oneOf,
  record,
  type Shape,
  text,
} from "./_reader.ts";
import { duration, image, variables } from "./_values.ts";

/** What a service may take to become ready. */
const READY_TIMEOUT_MS = 60_000;

interface RawReady {
  tcp: number;
  http: number | { port: number; path: string };
  log: string;
  command: readonly string[];
  healthy: boolean;
  timeout: number;
}

const port = int(1, 65535);
const words: Shape<readonly string[]> = listOrOne(text);

const readyFields: Fields<RawReady> = {
  tcp: { shape: port, doc: "A port that takes connections." },
  http: {
    shape: either(
      isMap,
      mapped(
        object<{ port: number; path: string }>({
          port: { shape: port, doc: "The port." },
          path: { shape: filled, doc: "The path. Default /." },
        }, { required: ["port"] }),
        (one) => one.port === undefined ? undefined : { path: "/", ...one, port: one.port },
      ),
      port,
    ),
    doc: "A port, or a port and a path, that answers with 2xx or 3xx.",
  },
  log: {
    shape: mapped(filled, (value, node, reader) => {
      try {
        new RegExp(value);
        return value;
      } catch (error) {
        const reason = (error as Error).message.replace(/^.*\/:? /, "");
        return reader.error(node, "bad-pattern", `Cannot use this regular expression: ${reason}`);
      }
    }),
    doc: "A regular expression that a line of its output matches.",
  },
  command: { shape: words, doc: "A program in the service that ends with 0." },
  healthy: { shape: bool, doc: "Whether the image's own health check decides." },
  timeout: { shape: duration, doc: "How long it may take. Default 60s." },
};

const readyObject: Shape<Readiness> = mapped(
  object<RawReady>(readyFields),
  ({ tcp, http, log, command, healthy, timeout = READY_TIMEOUT_MS }, node, reader, path) => {
    const kinds: Omit<Readiness, "timeoutMs">[] = [];
    if (tcp !== undefined) kinds.push({ kind: "tcp", port: tcp });
    if (typeof http === "number") kinds.push({ kind: "http", port: http, path: "/" });
    else if (http !== undefined) {
      kinds.push({ kind: "http", port: http.port, path: http.path.replace(/^(?!\/)/, "/") });
    }
    if (log !== undefined) kinds.push({ kind: "log", pattern: log });
    if (command !== undefined) kinds.push({ kind: "command", command });
    if (healthy === true) kinds.push({ kind: "healthy" });
    if (kinds.length > 1) {
      const names = kinds.map(({ kind }) => `"${kind}"`).join(" and ");
      return reader.error(node, "bad-readiness", `"${path}" must say one thing, not ${names}`);
    }
    return { kind: "started", ...kinds[0], timeoutMs: timeout };
  },
);

const ready: Shape<Readiness> = either(
  isMap,
  readyObject,
  mapped(oneOf("started", "healthy"), (kind) => ({ kind, timeoutMs: READY_TIMEOUT_MS })),
);

interface RawService {
  image: Located<string>;
  environment: Service["environment"];
  command: readonly string[];
  entrypoint: readonly string[];
  ready: Readiness;
}

const service: Shape<Omit<Service, "name" | "at"> & { readonly saysReady: boolean }> = mapped(
  either(
    isMap,
    object<RawService>({
      image: { shape: image, doc: "Its image." },
      environment: { shape: variables, doc: "Its variables." },
      command: { shape: words, doc: "Command in place of the image's." },
      entrypoint: { shape: words, doc: "Entrypoint in place of the image's." },
      ready: { shape: ready, doc: "When the script of the stage may start." },
    }, { required: ["image"] }),
    mapped(image, (one): Partial<RawService> => ({ image: one })),
  ),
  ({ image, environment = [], command, entrypoint, ready }) => {
    if (image === undefined) return undefined;
    const started: Readiness = { kind: "started", timeoutMs: READY_TIMEOUT_MS };
    return {
      image,
      environment,
      command,
      entrypoint,
      ready: ready ?? started,
      saysReady: ready !== undefined,
    };
  },
);

/** Reads the containers beside a stage. */
export const services: Shape<readonly Service[]> = mapped(
  record(service, { names: /^[A-Za-z0-9][\w.-]{0,62}$/, wanted: "the name of a host" }),
  (all, _, reader) =>
    all.map(({ name, at, value: { saysReady, ...one } }) => {
      if (!saysReady) {
        reader.warn(
          at,
          "no-readiness",
          `Nothing says when "${name}" is ready, so the script may start too early`,
          'add "ready: { tcp: PORT }", or "ready: started" if that is enough',
        );
      }
      return { name, at, ...one };
    }),
);
