/** Colours that captions know, by their numbers in CEA-608; black is number 7. */
export const COLOURS = [
  "white",
  "lime",
  "blue",
  "cyan",
  "red",
  "yellow",
  "magenta",
  "black",
] as const;

/** How a character looks: the number of its colour and these flags. 0 is plain white. */
export type TextStyle = number;
export const COLOUR_MASK = 7;
export const ITALIC = 8;
export const UNDERLINE = 16;

/** One character at its place. */
export type Cell = { readonly character: string; readonly style: TextStyle };

/** Characters of one row by column, with holes where there are none. */
export type Row = readonly (Cell | undefined)[];

/** Characters in rows and columns: a memory of CEA-608, a window of CEA-708. */
export class TextGrid {
  readonly columns: number;
  readonly #rows: (Cell | undefined)[][];

  constructor(rows: number, columns: number) {
    this.columns = columns;
    this.#rows = Array.from({ length: rows }, () => []);
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** Whether there is nothing to be seen. */
  get isBlank(): boolean {
    return this.#rows.every((row) => row.every((cell) => cell === undefined || isSpace(cell)));
  }

  /** Outside of it nothing is written. */
  put(row: number, column: number, character: string, style: TextStyle): void {
    if (column < 0 || column >= this.columns) return;
    const cells = this.#rows[row];
    if (cells !== undefined) cells[column] = { character, style };
  }

  /** Empties a row from a column on. */
  erase(row: number, from = 0, to: number = this.columns): void {
    const cells = this.#rows[row];
    if (cells === undefined) return;
    for (let column = from; column < Math.min(to, cells.length); column += 1) {
      cells[column] = undefined;
    }
    while (cells.length > 0 && cells.at(-1) === undefined) cells.pop();
  }

  clear(): void {
    for (const row of this.#rows) row.length = 0;
  }

  /** Moves rows `top` to `base` up by one; `base` is empty then. */
  rollUp(top: number, base: number): void {
    const [gone] = this.#rows.splice(top, 1);
    if (gone !== undefined) this.#rows.splice(base, 0, []);
  }

  /** Moves the rows that end with `from` so that they end with `to`; all others are emptied. */
  moveRows(from: number, to: number, count: number): void {
    const moved = this.#rows.slice(Math.max(0, from - count + 1), from + 1);
    for (let row = 0; row < this.#rows.length; row += 1) {
      this.#rows[row] = moved[moved.length - 1 - (to - row)] ?? [];
    }
  }

  /** Empties all rows but `top` to `base`. */
  keepRows(top: number, base: number): void {
    for (const [index, row] of this.#rows.entries()) {
      if (index < top || index > base) row.length = 0;
    }
  }
}

/** Also the transparent one. */
export const isSpace = ({ character }: Cell): boolean =>
  character === " " || character === "\u00a0";
