import { didYouMean } from "../../diagnostics/mod.ts";

/** What a `${…}` of a manifest refers to. */
export type TemplateReference =
  | { readonly kind: "matrix"; readonly name: string }
  | { readonly kind: "env"; readonly name: string; readonly fallback: string | undefined }
  | { readonly kind: "hash"; readonly glob: string }
  | { readonly kind: "fact"; readonly name: "branch" | "tag" | "commit" | "stage" };

/** A piece of a text: as it is, or a reference. */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | {
    readonly kind: "reference";
    readonly reference: TemplateReference;
    /** Offset of its `$` in the text. */
    readonly start: number;
    /** Offset after its brace. */
    readonly end: number;
  };

/** A `${…}` that means nothing. */
export interface TemplateProblem {
  /** Offset of its `$` in the text. */
  readonly start: number;
  /** Offset after it. */
  readonly end: number;
  /** What is wrong. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string | undefined;
}

const FACTS = ["branch", "tag", "commit", "stage"] as const;
const WORDS = ["matrix.", "env.", "hash:", ...FACTS];

/**
 * Takes a text with `${matrix.NAME}`, `${env.NAME}`, `${env.NAME:-default}`, `${hash:GLOB}`,
 * `${branch}`, `${tag}`, `${commit}` and `${stage}` apart. `$${` stands for `${`.
 *
 * @param text The text.
 * @returns Its parts, and everything that is wrong.
 */
export function parseTemplate(
  text: string,
): { readonly parts: readonly TemplatePart[]; readonly problems: readonly TemplateProblem[] } {
  const parts: TemplatePart[] = [];
  const problems: TemplateProblem[] = [];
  let plain = "";
  for (let at = 0; at < text.length;) {
    if (text.startsWith("$${", at)) {
      plain += "${";
      at += 3;
      continue;
    }
    if (!text.startsWith("${", at)) {
      plain += text[at++];
      continue;
    }
    const close = text.indexOf("}", at);
    if (close === -1) {
      const message = 'This "${" is not closed';
      problems.push({ start: at, end: text.length, message, hint: undefined });
      plain += text.slice(at);
      break;
    }
    const inside = text.slice(at + 2, close);
    const reference = readReference(inside);
    if ("message" in reference) problems.push({ start: at, end: close + 1, ...reference });
    else {
      if (plain !== "") parts.push({ kind: "text", text: plain });
      plain = "";
      parts.push({ kind: "reference", reference, start: at, end: close + 1 });
    }
    at = close + 1;
  }
  if (plain !== "") parts.push({ kind: "text", text: plain });
  return { parts, problems };
}

function readReference(
  inside: string,
): TemplateReference | { readonly message: string; readonly hint: string | undefined } {
  const matrix = /^matrix\.([A-Za-z_][\w-]*)$/.exec(inside);
  if (matrix !== null) return { kind: "matrix", name: matrix[1]! };
  const env = /^env\.([A-Za-z_]\w*)(?::-(.*))?$/s.exec(inside);
  if (env !== null) return { kind: "env", name: env[1]!, fallback: env[2] };
  const hash = /^hash:(.+)$/s.exec(inside);
  if (hash !== null) return { kind: "hash", glob: hash[1]! };
  const fact = FACTS.find((name) => name === inside);
  if (fact !== undefined) return { kind: "fact", name: fact };
  const shown = inside.length > 40 ? `${inside.slice(0, 40)}…` : inside;
  return { message: `Cannot replace "\${${shown}}"`, hint: hintFor(inside) };
}

function hintFor(inside: string): string {
  if (/^[A-Za-z_]\w*$/.test(inside)) {
    const near = didYouMean(inside, FACTS);
    if (near !== undefined && inside.toUpperCase() !== inside) return `did you mean "\${${near}}"?`;
    return `did you mean "\${env.${inside}}"?`;
  }
  const [head, ...rest] = inside.split(".");
  const near = rest.length === 0 ? undefined : didYouMean(head!, ["matrix", "env"]);
  if (near !== undefined && near !== head) return `did you mean "\${${near}.${rest.join(".")}}"?`;
  return `write one of ${WORDS.map((word) => `"${word}"`).join(", ")}, or "$\${" for the text`;
}

/**
 * Puts values in the places of references.
 *
 * @param text The text.
 * @param valueOf Gives the value of a reference, with its offsets; `undefined` leaves it as it is.
 */
export function replaceReferences(
  text: string,
  valueOf: (reference: TemplateReference, start: number, end: number) => string | undefined,
): string {
  if (!text.includes("${")) return text;
  return parseTemplate(text).parts.map((part) =>
    part.kind === "text"
      ? part.text
      : valueOf(part.reference, part.start, part.end) ?? text.slice(part.start, part.end)
  ).join("");
}

/**
 * Puts the values of a row into a line of a script; everything else that looks like a reference is
 * the shell's.
 *
 * @param line The line.
 * @param row The row; without one, nothing is replaced.
 */
export function replaceMatrix(
  line: string,
  row: Readonly<Record<string, string>> | undefined,
): string {
  if (row === undefined) return line;
  return line.replace(
    /(\$?)\$\{matrix\.([A-Za-z_][\w-]*)\}/g,
    (whole, escape: string, name: string) =>
      escape === "$" ? whole.slice(1) : Object.hasOwn(row, name) ? row[name]! : whole,
  );
}
