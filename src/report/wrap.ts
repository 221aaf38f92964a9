/**
 * Breaks text into lines for help texts and reports. Relies on one character taking one column, which holds for
 * the ASCII text that commands print.
 */

/** Lines of at most `columns` characters, broken at spaces only: a longer word has a line of its own. */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  lines.push(line);
  return lines;
}
