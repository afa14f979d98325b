import type { Bytes } from "../bytes/bytes.ts";
import type { CaptionArea } from "./caption-block.ts";
import { ITALIC, TextGrid, type TextStyle, UNDERLINE } from "./text-grid.ts";

/** The most rows that a window can have; and columns, which is also what 16:9 has side by side. */
export const MOST_ROWS = 15;
const MOST_COLUMNS = 42;

/** The safe area, in per cent of the picture: windows are placed in it. */
const SAFE_START = 10;
const SAFE_SIZE = 80;

/** Units of the grid that anchors lie on, in a picture of 16:9. */
const GRID_HEIGHT = 75;
const GRID_WIDTH = 210;

const ROW_HEIGHT = SAFE_SIZE / MOST_ROWS;
const COLUMN_WIDTH = SAFE_SIZE / MOST_COLUMNS;

type Justify = "left" | "right" | "center";
/** SetWindowAttributes: full justification is as good as left. */
const JUSTIFY: readonly Justify[] = ["left", "right", "center", "left"];
/** Predefined styles of windows: 3 and 6 are centred. */
const CENTRED_STYLES = [3, 6];

/** A window of a caption service (CTA-708 §8.4): text, a pen in it, and a place on the picture. */
export class Cea708Window {
  readonly grid: TextGrid = new TextGrid(MOST_ROWS, MOST_COLUMNS);
  isVisible = false;
  priority = 0;
  #rows = 1;
  #columns = MOST_COLUMNS;
  #justify: Justify = "left";
  #row = 0;
  #column = 0;
  #style: TextStyle = 0;
  /** Of the anchor point, in per cent of the safe area. */
  #anchor = { x: 0, y: 0 };
  /** Which point of the window that is: 0 to 8, row by row from the upper left. */
  #anchorPoint = 0;
  /** It was written to while it was shown. */
  #isWritten = false;

  /**
   * DefineWindow. A window that is there keeps its text.
   *
   * @param parameters six bytes:
   *
   *     00 visible u1 row lock u1 column lock u1 priority u3 | relative u1 anchor vertical u7 |
   *     anchor horizontal u8 | anchor point u4 rows - 1 u4 | 00 columns - 1 u6 |
   *     00 window style u3 pen style u3
   */
  define(parameters: Bytes, isNew: boolean): void {
    const [flags = 0, vertical = 0, horizontal = 0, rows = 0, columns = 0, styles = 0] = parameters;
    this.isVisible = (flags & 32) !== 0;
    this.priority = flags & 7;
    const isRelative = (vertical & 128) !== 0;
    this.#anchor = {
      x: isRelative ? Math.min(100, horizontal) : (horizontal * 100) / GRID_WIDTH,
      y: isRelative ? Math.min(100, vertical & 127) : ((vertical & 127) * 100) / GRID_HEIGHT,
    };
    this.#anchorPoint = Math.min(8, rows >> 4);
    this.#rows = Math.min(MOST_ROWS, (rows & 15) + 1);
    this.#columns = Math.min(MOST_COLUMNS, (columns & 63) + 1);
    const windowStyle = (styles >> 3) & 7;
    if (isNew || windowStyle !== 0) {
      this.#justify = CENTRED_STYLES.includes(windowStyle) ? "center" : "left";
    }
    this.grid.keepRows(0, this.#rows - 1);
    if (isNew) this.#movePen(0, 0);
    else this.#row = Math.min(this.#row, this.#rows - 1);
  }

  /**
   * SetWindowAttributes: of four bytes only the third counts here, for how lines are justified.
   *
   *     border type u1 word wrap u1 print direction u2 scroll direction u2 justify u2
   */
  setAttributes(parameters: Bytes): void {
    this.#justify = JUSTIFY[(parameters[2] ?? 0) & 3] ?? "left";
  }

  /** SetPenAttributes: text tag u4 offset u2 size u2 | italics u1 underline u1 edge u3 font u3 */
  setPenAttributes(parameters: Bytes): void {
    const second = parameters[1] ?? 0;
    const flags = ((second & 128) === 0 ? 0 : ITALIC) | ((second & 64) === 0 ? 0 : UNDERLINE);
    this.#style = (this.#style & 7) | flags;
  }

  /** SetPenColor: foreground opacity u2 red u2 green u2 blue u2 | background | edge */
  setPenColour(parameters: Bytes): void {
    const foreground = parameters[0] ?? 0;
    const isOn = (shift: number): boolean => ((foreground >> shift) & 3) >= 2;
    const mix = (isOn(4) ? 4 : 0) | (isOn(2) ? 2 : 0) | (isOn(0) ? 1 : 0);
    this.#style = (this.#style & ~7) | (COLOUR_BY_RGB[mix] ?? 0);
  }

  /** SetPenLocation: row u8 (low four bits) | column u8 (low six) */
  setPenLocation(parameters: Bytes): void {
    const [row = 0, column = 0] = parameters;
    this.#movePen(Math.min(row & 15, this.#rows - 1), Math.min(column & 63, MOST_COLUMNS - 1));
  }

  write(character: string): void {
    this.grid.put(this.#row, Math.min(this.#column, MOST_COLUMNS - 1), character, this.#style);
    this.#column = Math.min(MOST_COLUMNS, this.#column + 1);
    this.#isWritten ||= this.isVisible;
  }

  backspace(): void {
    if (this.#column === 0) return;
    this.#column -= 1;
    this.grid.erase(this.#row, this.#column, this.#column + 1);
  }

  /** CR: to the next row; at the last one the others roll up. */
  carriageReturn(): void {
    this.#column = 0;
    if (this.#row < this.#rows - 1) this.#row += 1;
    else this.grid.rollUp(0, this.#rows - 1);
  }

  /** HCR: the row anew. */
  horizontalCarriageReturn(): void {
    this.#column = 0;
    this.grid.erase(this.#row);
  }

  /** FF, ClearWindows. */
  clear(): void {
    this.grid.clear();
    this.#movePen(0, 0);
    this.#isWritten = false;
  }

  /** Where it lies and what is in it. */
  get area(): CaptionArea {
    const columns = Math.max(this.#columns, ...this.grid.rows.map((row) => row.length));
    const across = this.#anchorPoint % 3;
    const down = Math.floor(this.#anchorPoint / 3);
    return {
      rows: this.grid.rows.slice(0, this.#rows),
      columns,
      top: SAFE_START + (this.#anchor.y * SAFE_SIZE) / 100 - (down * this.#rows * ROW_HEIGHT) / 2,
      left: SAFE_START + (this.#anchor.x * SAFE_SIZE) / 100 - (across * columns * COLUMN_WIDTH) / 2,
      rowHeight: ROW_HEIGHT,
      columnWidth: COLUMN_WIDTH,
      align: this.#justify === "left" ? undefined : this.#justify,
      isWritten: this.#isWritten,
    };
  }

  #movePen(row: number, column: number): void {
    this.#row = row;
    this.#column = column;
  }
}

/** red u1 green u1 blue u1 as a colour of `COLOURS` */
const COLOUR_BY_RGB: readonly number[] = [7, 2, 1, 3, 4, 6, 5, 0];
