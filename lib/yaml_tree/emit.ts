/** Words that some version of YAML takes for something else than a text. */
const WORDS = /^(?:y|n|yes|no|on|off|true|false|null|[-+]?\.?nan|[-+]?\.?inf|~|<<|=)$/i;

/** What some version of YAML takes for a number, a date or a number to the base 60. */
const NUMBER = /^[-+.]?[\d.][\d_,.:eExXoOTZ a-fA-F+-]*$/;

/** What can stand without quotes: nothing in it has a meaning of its own at its place. */
const PLAIN = /^[\w./$(][\w./$()@%+=,;~^<>!?&*'"| -]*(?::(?=[^ ])[\w./$()@%+=,;~^<>!?&*'"| -]+)*$/;

/**
 * Writes plain data as YAML that every version of YAML reads the same way, in blocks of two
 * spaces. A text is the same again when it is read.
 *
 * @param value Maps, lists, texts, numbers, truth values and nothing.
 * @returns Text with a newline at its end.
 */
export function emitYaml(value: unknown): string {
  const lines: string[] = [];
  emit(value, 0, "", lines);
  return `${lines.join("\n")}\n`;
}

function emit(value: unknown, indent: number, head: string, lines: string[]): void {
  if (typeof value !== "object" || value === null) {
    lines.push(head === "" ? scalar(value, indent) : `${head} ${scalar(value, indent)}`);
    return;
  }
  const pad = " ".repeat(indent);
  const isList = Array.isArray(value);
  const entries = isList ? value.map((item) => ["", item] as const) : Object.entries(value);
  if (entries.length === 0) {
    lines.push(`${head === "" ? pad : `${head} `}${isList ? "[]" : "{}"}`);
    return;
  }
  // The first entry of a mapping stands on the line of its dash.
  const isItem = head.endsWith("-");
  if (head !== "" && !(isItem && !isList)) lines.push(head);
  entries.forEach(([name, one], index) => {
    const lead = isItem && !isList && index === 0 ? `${head} ` : pad;
    emit(one, indent + 2, isList ? `${lead}-` : `${lead}${key(name)}:`, lines);
  });
}

function scalar(value: unknown, indent: number): string {
  if (typeof value !== "string") return String(value);
  const isBlock = /^[^\s][^]*\n/.test(value) &&
    !/[^\S\n]\n|[^\n\t\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]/.test(value);
  if (isBlock) {
    const mark = value.endsWith("\n\n") ? "|+" : value.endsWith("\n") ? "|" : "|-";
    const pad = " ".repeat(indent);
    const body = value.replace(/\n$/, "").split("\n");
    return [mark, ...body.map((line) => line === "" ? "" : pad + line)].join("\n");
  }
  return isPlain(value) ? value : JSON.stringify(value);
}

function key(name: string): string {
  return isPlain(name) ? name : JSON.stringify(name);
}

function isPlain(text: string): boolean {
  return PLAIN.test(text) && !text.endsWith(" ") && !text.includes(" #") && !WORDS.test(text) &&
    !(NUMBER.test(text) && /[\d.]/.test(text));
}
