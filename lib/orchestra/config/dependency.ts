import type { Dependency } from "../model.ts";

const FORM = /^([\p{L}\p{N}_\-/]+)(?:([@~])([\p{L}\p{N}_\-/]+))?$/u;

/**
 * Reads a dependency: `a` any build of `a`, `a~b` any but rather `b`, `a@b` exactly `b`.
 *
 * @param text As it is written.
 * @returns `undefined` when it has another form.
 */
export function parseDependency(text: string): Dependency | undefined {
  const [, component, sign, build] = FORM.exec(text) ?? [];
  if (component === undefined) return undefined;
  if (build === undefined) return { component, exact: false, text };
  return { component, build, exact: sign === "@", text };
}
