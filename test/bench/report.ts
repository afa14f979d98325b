/** What one part found, for people: printed, and written to `docs/benchmarks.md`. */
export type Report = {
  readonly title: string;
  /** What was measured, and how. */
  readonly how: string;
  readonly tables: readonly Table[];
  /** What the tables do not say by themselves. */
  readonly remarks?: readonly string[];
};

/** The first column is text, the others are aligned as numbers. */
export type Table = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
};

/** How much of everything is measured. */
export type Effort = {
  /** Only to see that it works: the figures mean little. */
  readonly quick: boolean;
  /** The player's engine; its own choice where it is not told. */
  readonly engine?: string;
  /** Says what is going on. */
  readonly tell: (what: string) => void;
};

/** Markdown that is also readable as it is. */
export function renderReport({ title, how, tables, remarks = [] }: Report): string {
  const notes = remarks.map((remark) => `- ${remark}\n`).join("");
  const pieces = [`## ${title}`, how, ...tables.map(renderTable)];
  if (notes !== "") pieces.push(notes.trimEnd());
  return `${pieces.join("\n\n")}\n`;
}

/**
 * A document of sections (`## Title`) with one of them replaced, or put at its end.
 *
 * @param section as `renderReport` makes it
 */
export function withSection(document: string, section: string): string {
  const [title = ""] = section.split("\n", 1);
  const pieces = document.split(/^(?=## )/m);
  const index = pieces.findIndex((piece) => piece.startsWith(`${title}\n`));
  const isLast = index === pieces.length - 1;
  if (index < 0) return `${document.trimEnd()}\n\n${section}`;
  return pieces.with(index, isLast ? section : `${section}\n`).join("");
}

/** The document with another beginning, up to its first section. */
export function withIntro(document: string, intro: string): string {
  const [, ...sections] = document.split(/^(?=## )/m);
  return [`${intro}\n`, ...sections].join("");
}

function renderTable({ columns, rows }: Table): string {
  const widths = columns.map((column, index) =>
    Math.max(3, column.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, index) => pad(cells[index] ?? "", width, index > 0)).join(" | ")} |`;
  const rule = widths.map((width, index) =>
    index === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(columns), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

const pad = (text: string, width: number, isNumber: boolean): string =>
  isNumber ? text.padStart(width) : text.padEnd(width);

/** Nearest rank; NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.ceil((percent / 100) * sorted.length) - 1;
  return sorted[Math.min(sorted.length - 1, Math.max(0, rank))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 50);

/** A figure with so many digits behind the point, or a dash where there is none. */
export const figure = (value: number, digits = 0): string =>
  Number.isFinite(value) ? value.toFixed(digits) : "–";

/** How many times the floor: `1.4×`. */
export const times = (value: number, floor: number): string =>
  Number.isFinite(value / floor) ? `${(value / floor).toFixed(2)}×` : "–";
