/**
 * Patterns for names of events: `*`, `?` and `[...]`, as shells have them. Commands quote them; names hold no such letter.
 *
 * @module
 */

/**
 * Whether a text is a pattern rather than a name.
 *
 * @param text The text.
 * @returns True if it holds `*`, `?` or `[`.
 */
export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

/**
 * Makes a test for names.
 *
 * @param pattern The pattern. A `[` without its `]` stands for itself; `[!a-c]` is any letter but these.
 * @returns Whether a whole name matches.
 * @throws {RangeError} If a range of letters runs backwards.
 */
export function globMatcher(pattern: string): (name: string) => boolean {
  const source = pattern.replace(/\[(!?)([^\]]+)\]|[*?]|[^\w*?]/g, (part, not: string, set: string) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (set === undefined) return `\\${part}`;
    return `[${not === "" ? "" : "^"}${set.replace(/[\\^[]/g, "\\$&")}]`;
  });
  try {
    const whole = new RegExp(`^${source}$`);
    return (name) => whole.test(name);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RangeError(`Cannot read the pattern ${pattern}: a range runs backwards`, { cause: error });
  }
}
