/**
 * The names of values in a tracepoint's print format: the tables of `__print_symbolic` and `__print_flags`. Of C it knows
 * constants, casts, shifts and the like; a table or a row beyond that is left out, since names are an ornament.
 *
 * @module
 */

/** The names of a field's values. */
export interface Symbols {
  /** One name for the whole value, or one for each of its bits. */
  readonly kind: "symbolic" | "flags";
  /** What stands between the names of bits; empty for `symbolic`. */
  readonly delimiter: string;
  /** Values, as unsigned 64-bit numbers, and their names, in the order of the table. */
  readonly values: readonly (readonly [bigint, string])[];
  /** Which bits of the field the table is for; null for all. */
  readonly mask: bigint | null;
  /** The name of zero where the kernel has one; null if not. */
  readonly zero: string | null;
}

/**
 * Finds the tables of a print format.
 *
 * @param print What stands behind `print fmt: `.
 * @param fields The names of the fields that may have one.
 * @returns The tables by field; of several for one field, the first.
 */
export function parseSymbols(print: string, fields: readonly string[]): Map<string, Symbols> {
  const found = new Map<string, Symbols>();
  for (const match of print.matchAll(/__print_(symbolic|flags)(?:_u64)?\(/g)) {
    const kind = match[1] === "flags" ? "flags" : "symbolic";
    const { parts, end } = splitArguments(print, match.index + match[0].length);
    const [subject, ...rest] = parts;
    const target = parseSubject(subject ?? "");
    if (target === null || found.has(target.field) || !fields.includes(target.field)) continue;
    const delimiter = kind === "flags" ? parseText(rest.shift() ?? "") : "";
    const values = rest.flatMap(parseRow);
    if (delimiter === null || values.length === 0) continue;
    const zero = parseText(/^\s*:\s*("(?:[^"\\]|\\.)*")/.exec(print.slice(end, end + 64))?.[1] ?? "");
    found.set(target.field, { kind, delimiter, values, mask: target.mask, zero });
  }
  return found;
}

/**
 * Names a value.
 *
 * @param symbols The field's table.
 * @param value The field's value.
 * @returns The names, such as `GFP_KERNEL|__GFP_ZERO`, bits without a name in hexadecimal; null if nothing has a name.
 */
export function symbolText(symbols: Symbols, value: number | bigint | boolean): string | null {
  const whole = BigInt.asUintN(64, BigInt(value));
  const inside = symbols.mask === null ? whole : whole & symbols.mask;
  let rest = whole & ~inside;
  const names: string[] = [];
  if (symbols.kind === "symbolic") {
    const name = symbols.values.find(([each]) => each === inside)?.[1];
    if (name !== undefined) names.push(name);
    else rest = whole;
  } else {
    let left = inside;
    for (const [bits, name] of symbols.values) {
      if (bits === 0n || (left & bits) !== bits) continue;
      names.push(name);
      left &= ~bits;
    }
    rest |= left;
    if (inside === 0n) {
      const name = symbols.zero ?? symbols.values.find(([bits]) => bits === 0n)?.[1];
      if (name !== undefined) names.push(name);
    }
  }
  if (names.length === 0) return null;
  if (rest !== 0n) names.push(`0x${rest.toString(16)}`);
  return names.join(symbols.delimiter === "" ? "|" : symbols.delimiter);
}

/** `REC->field`, with casts and parentheses, and a mask perhaps. */
function parseSubject(text: string): { field: string; mask: bigint | null } | null {
  const match = /^[\s(]*REC->(\w+)[\s)]*(?:&(.*))?$/s.exec(dropCasts(text));
  if (match === null) return null;
  const [, field = "", masking] = match;
  if (masking === undefined) return { field, mask: null };
  const mask = constant(masking);
  return mask === null ? null : { field, mask };
}

/** A row, `{ value, "name" }`; none if it cannot be read. */
function parseRow(text: string): (readonly [bigint, string])[] {
  const inner = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
  if (inner === undefined) return [];
  const { parts } = splitArguments(`${inner})`, 0);
  const value = constant(parts[0] ?? "");
  const name = parseText(parts[1] ?? "");
  return value === null || name === null || parts.length !== 2 ? [] : [[value, name]];
}

/** The text of a C string, or of several in a row; null if it is none. */
function parseText(text: string): string | null {
  if (!/^\s*(?:"(?:[^"\\]|\\.)*"\s*)+$/s.test(text)) return null;
  const pieces = Array.from(text.matchAll(/"((?:[^"\\]|\\.)*)"/gs), ([, piece = ""]) => piece);
  return pieces.join("").replace(/\\(.)/gs, "$1");
}

/** Splits at the commas that stand in no brackets and no text, up to the closing bracket. */
function splitArguments(text: string, start: number): { parts: string[]; end: number } {
  const parts: string[] = [];
  let depth = 0;
  let from = start;
  for (let i = start; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"') {
      while (++i < text.length && text[i] !== '"') if (text[i] === "\\") i++;
    } else if (c === "(" || c === "{") depth++;
    else if ((c === ")" || c === "}") && depth-- === 0) {
      parts.push(text.slice(from, i));
      return { parts, end: i + 1 };
    } else if (c === "," && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  return { parts, end: text.length };
}

function dropCasts(text: string): string {
  return text.replace(/\(\s*[A-Za-z_]\w*(?:\s+[A-Za-z_]\w*)*\s*\**\s*\)/g, " ");
}

/** How tightly C's operators bind. */
const BINDING: Readonly<Record<string, number>> = {
  "|": 1,
  "^": 2,
  "&": 3,
  "<<": 4,
  ">>": 4,
  "+": 5,
  "-": 5,
  "*": 6,
};

/** The value of a constant expression as an unsigned 64-bit number; null if it is another one. */
function constant(text: string): bigint | null {
  const tokens = dropCasts(text).match(/0[xX][\da-fA-F]+|\d+|<<|>>|[-+*|&^~()]|\w+|\S/g) ?? [];
  const parser = { tokens: tokens.filter((token) => !/^[uUlL]+$/.test(token)), at: 0 };
  try {
    const value = expression(parser, 0);
    return parser.at === parser.tokens.length ? BigInt.asUintN(64, value) : null;
  } catch {
    // Not a constant, or one no kernel would write: a shift by a negative or an enormous number.
    return null;
  }
}

interface Parser {
  readonly tokens: readonly string[];
  at: number;
}

function expression(parser: Parser, floor: number): bigint {
  let left = operand(parser);
  for (;;) {
    const operator = parser.tokens[parser.at] ?? "";
    const binding = Object.hasOwn(BINDING, operator) ? BINDING[operator]! : 0;
    if (binding <= floor) return left;
    parser.at++;
    left = apply(operator, left, expression(parser, binding));
  }
}

function operand(parser: Parser): bigint {
  const token = parser.tokens[parser.at++] ?? "";
  if (token === "-") return -operand(parser);
  if (token === "~") return ~operand(parser);
  if (token === "(") {
    const value = expression(parser, 0);
    if (parser.tokens[parser.at++] !== ")") throw new SyntaxError("no closing bracket");
    return value;
  }
  return BigInt(/^0[0-7]+$/.test(token) ? `0o${token.slice(1)}` : /^\d/.test(token) ? token : "not a number");
}

function apply(operator: string, left: bigint, right: bigint): bigint {
  switch (operator) {
    case "|":
      return left | right;
    case "^":
      return left ^ right;
    case "&":
      return left & right;
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
  }
  if (right < 0n || right > 63n) throw new RangeError("a shift beyond the word");
  return operator === "<<" ? left << right : left >> right;
}
