/** What a `.d` file of rustc tells. */
export interface DepInfo {
  /** Every file that was read, as it was named: relative ones are relative to rustc's directory. */
  readonly files: readonly string[];
  /** Variables that the code asked for; `null`: not set. */
  readonly env: Readonly<Record<string, string | null>>;
}

/**
 * Reads a `.d` file.
 *
 * @param text The file.
 * @returns Files and variables.
 * @see https://github.com/rust-lang/rust/blob/main/compiler/rustc_interface/src/passes.rs
 */
export function parseDepInfo(text: string): DepInfo {
  const files = new Set<string>();
  const env: Record<string, string | null> = {};
  for (const line of text.split("\n")) {
    if (line.startsWith("# env-dep:")) {
      const entry = line.slice("# env-dep:".length);
      const equals = entry.indexOf("=");
      if (equals === -1) env[unescapeEnv(entry)] = null;
      else env[unescapeEnv(entry.slice(0, equals))] = unescapeEnv(entry.slice(equals + 1));
    } else if (!line.startsWith("#")) {
      // Each file also stands alone before a colon, so that removing it does not stop make.
      const separator = /: |:$/.exec(line);
      if (separator === null) continue;
      for (const file of splitFiles(line.slice(separator.index + 1))) files.add(file);
    }
  }
  return { files: [...files], env };
}

function splitFiles(text: string): string[] {
  const files: string[] = [];
  let current = "";
  for (const word of text.trim().split(" ")) {
    if (word.endsWith("\\")) current += `${word.slice(0, -1)} `;
    else {
      if (current + word !== "") files.push(current + word);
      current = "";
    }
  }
  return files;
}

function unescapeEnv(text: string): string {
  return text.replace(
    /\\([\\nr])/g,
    (_, letter) => letter === "n" ? "\n" : letter === "r" ? "\r" : "\\",
  );
}
