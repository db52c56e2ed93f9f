/** Text that is HTML already. */
export class Html {
  /** The text. */
  readonly text: string;

  /** @param text HTML. */
  constructor(text: string) {
    this.text = text;
  }

  /** The HTML. */
  toString(): string {
    return this.text;
  }
}

/** What may stand between the parts of {@linkcode html}. */
export type HtmlPart = Html | string | number | undefined | false | readonly HtmlPart[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Makes text harmless in HTML, between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/**
 * Puts HTML together. Everything between its parts is escaped, unless it is HTML itself.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { html } from "./html.ts";
 *
 * assert.equal(`${html`<b title="${'"'}">${"<i>"}</b>`}`, '<b title="&quot;">&lt;i&gt;</b>');
 * ```
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlPart[]): Html {
  return new Html(parts.map((part, index) => part + render(values[index])).join(""));
}

function render(value: HtmlPart): string {
  if (value === undefined || value === false) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(render).join("");
  return escapeHtml(String(value));
}
