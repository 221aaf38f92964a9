/**
 * The colours of the page, for light and dark, as CSS variables: charts name a variable, so one drawing serves both. Relies on
 * nothing.
 *
 * @module
 */

/** What a heat map shows, each with a hue of its own: more is darker on light and brighter on dark. */
export type Hue = "latency" | "throughput" | "loss";

/** How many steps each hue has. */
export const STEPS = 7;

/** How many colours of series there are; those between them are mixed. */
const SERIES = 6;

interface Theme {
  readonly page: string;
  readonly card: string;
  readonly ink: string;
  /** Text of less weight. */
  readonly soft: string;
  readonly grid: string;
  readonly rule: string;
  readonly accent: string;
  readonly warn: string;
  /** From cold to warm, since series are sizes or thresholds in their order. */
  readonly series: readonly string[];
  readonly hues: Readonly<Record<Hue, readonly string[]>>;
}

const LIGHT: Theme = {
  page: "#f6f6f3",
  card: "#ffffff",
  ink: "#1b1c1e",
  soft: "#5d6068",
  grid: "#e8e8e4",
  rule: "#d3d3cd",
  accent: "#3b4cca",
  warn: "#b3372a",
  series: ["#3b3f9e", "#2277c4", "#14917f", "#6f8f12", "#c77700", "#bf3b53"],
  hues: {
    latency: ["#efeefb", "#dad7f6", "#bfb9ee", "#9f96e2", "#7f72d3", "#6051bb", "#43358d"],
    throughput: ["#e5f4f1", "#c3e6de", "#96d3c6", "#61b9a8", "#359b8c", "#1e7d70", "#125a51"],
    loss: ["#eef1ef", "#fbe4df", "#f6c6bc", "#ee9f90", "#df7263", "#c94a3b", "#98291f"],
  },
};

const DARK: Theme = {
  page: "#131417",
  card: "#1c1e22",
  ink: "#ececea",
  soft: "#a3a6ae",
  grid: "#2b2e34",
  rule: "#3b3f47",
  accent: "#98a4ff",
  warn: "#f08a7c",
  series: ["#8f93f2", "#55a9f0", "#2fc1ab", "#a8c63f", "#f0a63a", "#f27f93"],
  hues: {
    latency: ["#26243d", "#343058", "#474080", "#5f55a5", "#7d73c9", "#a39be3", "#cbc7f6"],
    throughput: ["#17312d", "#1c4841", "#215f55", "#297b6d", "#3c9a89", "#66bdac", "#a1e0d2"],
    loss: ["#262b2d", "#3c2421", "#583330", "#7e4239", "#a65449", "#d0705f", "#f2a498"],
  },
};

/**
 * The variable of a step of a hue.
 *
 * @param hue What is shown.
 * @param step From 0 to {@linkcode STEPS} - 1.
 * @returns A CSS value.
 */
export function stepColor(hue: Hue, step: number): string {
  return `var(--${hue}-${step})`;
}

/**
 * The variable of text upon a step of a hue.
 *
 * @param hue What is shown.
 * @param step From 0 to {@linkcode STEPS} - 1.
 * @returns A CSS value.
 */
export function stepInk(hue: Hue, step: number): string {
  return `var(--${hue}-${step}-ink)`;
}

/**
 * The variable of a series; series that are few are set apart as far as the colours go.
 *
 * @param index From 0 on.
 * @param count How many series there are.
 * @returns A CSS value.
 */
export function seriesColor(index: number, count: number): string {
  const place = count < 2 ? 1 : index * (SERIES - 1) / (count - 1);
  const below = Math.floor(place);
  // With fewer series than colours, mixing would only make them muddy.
  if (count <= SERIES || place === below) return `var(--series-${Math.round(place)})`;
  const share = Math.round((1 - (place - below)) * 100);
  return `color-mix(in oklab, var(--series-${below}) ${share}%, var(--series-${below + 1}))`;
}

/**
 * The style sheet of all variables. Paper is light.
 *
 * @returns CSS.
 */
export function paletteCss(): string {
  return `:root { color-scheme: light dark; ${variables(LIGHT)} }
@media (prefers-color-scheme: dark) { :root { ${variables(DARK)} } }
@media print { :root { color-scheme: light; ${variables(LIGHT)} } }`;
}

function variables({ series, hues, ...plain }: Theme): string {
  const pairs: [string, string][] = Object.entries(plain);
  series.forEach((color, index) => pairs.push([`series-${index}`, color]));
  for (const [hue, steps] of Object.entries(hues)) {
    steps.forEach((color, step) => {
      pairs.push([`${hue}-${step}`, color], [`${hue}-${step}-ink`, inkOn(color)]);
    });
  }
  return pairs.map(([name, color]) => `--${name}: ${color};`).join(" ");
}

/** Black or white, whichever contrasts more (WCAG 2, relative luminance). */
function inkOn(color: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  return (luminance + 0.05) ** 2 > 1.05 * 0.05 ? "#101114" : "#ffffff";
}
