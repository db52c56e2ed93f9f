/** Scanning of tags. */
import { isBlankOrEnd, isTagChar, isWordChar } from "./_chars.ts";
import type { Scanner } from "./_scanner.ts";

/** A tag, `pos` at its `!`: `!suffix`, `!!suffix`, `!handle!suffix` or `!<verbatim>`. */
export function scanTag(s: Scanner): { readonly handle: string; readonly suffix: string } {
  const text = s.text;
  let handle = "";
  let suffix = "";
  if (text.charCodeAt(s.pos + 1) === 60) {
    const start = s.pos += 2;
    while (isTagChar(text.charCodeAt(s.pos), true)) s.pos++;
    if (text.charCodeAt(s.pos) !== 62) s.fail("did not find the expected '>'");
    suffix = text.slice(start, s.pos++);
  } else {
    const start = s.pos++;
    while (isWordChar(text.charCodeAt(s.pos))) s.pos++;
    if (text.charCodeAt(s.pos) === 33) {
      handle = text.slice(start, ++s.pos);
    } else {
      handle = "!";
      s.pos = start + 1;
    }
    const from = s.pos;
    while (isTagChar(text.charCodeAt(s.pos), false)) s.pos++;
    suffix = text.slice(from, s.pos);
    if (suffix === "" && handle !== "!") s.fail("did not find expected tag URI");
    if (suffix === "") [handle, suffix] = ["", "!"];
  }
  if (!isBlankOrEnd(text.charCodeAt(s.pos)) && text.charCodeAt(s.pos) !== 44) {
    s.fail("did not find expected whitespace or line break");
  }
  return { handle, suffix };
}
