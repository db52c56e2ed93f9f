import { type Html, html, type HtmlPart } from "./html.ts";

/** A page. */
export interface PageOptions {
  /** Its title. */
  readonly title: string;
  /** Which entry of the menu it is. */
  readonly current?: "builds" | "agents" | "dead";
  /** What is in it. */
  readonly main: HtmlPart;
  /** Which part of the script runs, with what it needs to know. */
  readonly script: string;
  /** Whether builds can be handed on. */
  readonly isHealthy: boolean;
  /** Version of the style and the script, for their addresses. */
  readonly version: string;
}

/** Makes a page of its parts. */
export function page(options: PageOptions): Html {
  const { title, current, main, script, isHealthy, version } = options;
  const entry = (name: NonNullable<PageOptions["current"]>, path: string, text: string) =>
    html`
      <a href="${path}" ${current === name
        ? html`
          aria-current="page"
        `
        : ""}>${text}</a>
    `;
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${title}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/assets/page.css?${version}">
        <script src="/assets/page.js?${version}" defer></script>
      </head>
      <body data-page="${script}">
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
          <a class="brand"
            href="/"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 2h5v5H2zM9 2h5v5H9zM5.5 9h5v5h-5z"/></svg>buildr</a>
          <nav aria-label="Pages">${entry("builds", "/", "Builds")}${entry(
            "agents",
            "/agents",
            "Agents",
          )}${entry("dead", "/dead", "Dead")}</nav>
          <span class="health" data-live="health">${isHealthy
            ? html`<span class="ok">connected</span>`
            : html`<span class="bad">no way to agents</span>`}</span>
        </header>
        <main id="main" tabindex="-1">${main}</main>
        <p id="say" class="unseen" role="status"></p>
        <dialog id="token" aria-labelledby="token-title">
          <form method="dialog">
            <h2 id="token-title">A token is needed</h2>
            <p>This coordinator lets only those write who have its token. It is kept until this tab is closed.</p>
            <label for="token-text">Token</label>
            <input id="token-text" type="password" autocomplete="off" required>
            <div
              class="row"><button value="ok" class="primary">Go on</button><button value="no" formnovalidate>Never mind</button></div>
          </form>
        </dialog>
      </body>
    </html>
  `;
}
