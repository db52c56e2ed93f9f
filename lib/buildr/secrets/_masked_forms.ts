/** Parts of a value that are shorter than this stand in too many texts by chance. */
const SHORTEST_PART = 8;

/**
 * All texts that give a secret value away.
 *
 * @param values The values; empty ones are left out.
 * @returns Each text once: the values themselves, their longer lines, and both in base64 (standard
 * and URL alphabet, at all three alignments), URL-encoded, and with the escapes of JSON.
 */
export function maskedForms(values: Iterable<string>): readonly string[] {
  const forms = new Set<string>();
  for (const value of values) {
    if (value.trim() === "") continue;
    const parts = new Set([value, value.trim()]);
    for (const line of value.split(/\r\n|\n|\r/)) {
      if (line.trim().length >= SHORTEST_PART) parts.add(line.trim());
    }
    for (const part of parts) {
      forms.add(part);
      for (const form of encodings(part)) if (form.length >= SHORTEST_PART) forms.add(form);
    }
  }
  return [...forms];
}

function* encodings(text: string): Generator<string> {
  const bytes = new TextEncoder().encode(text);
  for (const base64 of base64Forms(bytes)) {
    yield base64;
    yield base64.replaceAll("+", "-").replaceAll("/", "_");
  }
  const escaped = JSON.stringify(text).slice(1, -1);
  if (escaped !== text) yield escaped;
  const url = wellFormedUrl(text);
  if (url !== text) {
    yield url;
    yield url.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
    yield url.replaceAll("%20", "+");
  }
}

// Bytes before and after a value share characters with it: those are left out at each alignment.
function* base64Forms(bytes: Uint8Array): Generator<string> {
  const whole = bytes.toBase64();
  yield whole;
  yield whole.replace(/=+$/, "");
  for (let before = 0; before < 3; before++) {
    const shifted = new Uint8Array(before + bytes.length);
    shifted.set(bytes, before);
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor((shifted.length * 8) / 6);
    yield shifted.toBase64().slice(first, last);
  }
}

function wellFormedUrl(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
