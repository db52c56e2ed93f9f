import { pageScript } from "./script.ts";
import { pageStyle } from "./style.ts";

/** A file that pages ask for. */
export interface Asset {
  /** Its content. */
  readonly text: string;
  /** Its type. */
  readonly type: string;
  /** Changes with the content. */
  readonly etag: string;
}

const ICON =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#2f81f7" d="M2 2h5v5H2zM9 2h5v5H9zM5.5 9h5v5h-5z"/></svg>\n`;

/** Makes the files that pages ask for, by their paths. */
export async function makeAssets(): Promise<ReadonlyMap<string, Asset>> {
  const files: readonly (readonly [string, string, string])[] = [
    ["/assets/page.css", "text/css; charset=utf-8", pageStyle()],
    ["/assets/page.js", "text/javascript; charset=utf-8", pageScript()],
    ["/assets/icon.svg", "image/svg+xml", ICON],
  ];
  const made = await Promise.all(files.map(async ([path, type, text]) => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    const etag = `"${new Uint8Array(digest).toHex().slice(0, 16)}"`;
    return [path, { text, type, etag }] as const;
  }));
  return new Map(made);
}
