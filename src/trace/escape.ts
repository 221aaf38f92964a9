/**
 * Text of strangers, made safe to print: the name of a command and of a file may hold anything, and must neither
 * drive the terminal nor look like another line. What is escaped is escaped without ambiguity, backslash included.
 */

/** Controls (ESC, CSI, newline), invisible and direction-changing characters, line separators, halves of pairs. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\\]/u;
const ALL_UNSAFE = new RegExp(UNSAFE, "gu");

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\" };

/** `text` with `\n`, `\t`, `\r`, `\\`, `\xNN` below 256 and `\u{NNNN}` above in place of what is not safe. */
export function escapeText(text: string): string {
  return UNSAFE.test(text) ? text.replace(ALL_UNSAFE, escapeCharacter) : text;
}

/** `text` escaped and in double quotes; quotes within it become `\"`. */
export function quoteText(text: string): string {
  const escaped = escapeText(text);
  return `"${escaped.includes('"') ? escaped.replaceAll('"', '\\"') : escaped}"`;
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0)!;
  return SHORT[character] ??
    (code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`);
}
