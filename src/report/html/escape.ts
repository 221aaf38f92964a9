/**
 * Text inside HTML. Everything a page takes from a results file goes through here: a label may hold anything. Relies on
 * nothing.
 *
 * @module
 */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Escapes text for an element or a quoted attribute.
 *
 * @param text Any text.
 * @returns HTML that shows it.
 */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
