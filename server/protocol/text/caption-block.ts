import {
  COLOUR_MASK,
  COLOURS,
  ITALIC,
  isSpace,
  type Row,
  type TextStyle,
  UNDERLINE,
} from "./text-grid.ts";
import { escapeText, percentage } from "./webvtt.ts";

/** Rows of characters, and where they lie on the picture: in per cent of its height and width. */
export type CaptionArea = {
  readonly rows: readonly Row[];
  readonly columns: number;
  /** Of the first row's upper edge and the first column's left one. */
  readonly top: number;
  readonly left: number;
  readonly rowHeight: number;
  readonly columnWidth: number;
  /** Told by the encoder; where it is not, rows that lie about one axis are centred. */
  readonly align: "left" | "center" | "right" | undefined;
  /** It grows character by character: what is centred cannot be told yet. */
  readonly isWritten: boolean;
};

/** Rows that belong together, as one WebVTT cue. */
export type CaptionBlock = {
  /** WebVTT cue text. */
  readonly text: string;
  /** WebVTT cue settings. */
  readonly settings: string;
  /** The characters alone. */
  readonly plain: string;
  readonly isWritten: boolean;
};

type Line = {
  readonly row: number;
  readonly first: number;
  readonly last: number;
  readonly cells: Row;
};

/** Columns by which a row may lie beside the middle. */
const OFF_CENTRE = 1;

/**
 * What an area shows as cues: rows directly below each other are one, as long as they begin in the same
 * column or are centred about the same axis, since a cue has one position for all its lines.
 */
export function captionBlocks(area: CaptionArea): CaptionBlock[] {
  const blocks: CaptionBlock[] = [];
  let lines: Line[] = [];
  const close = (): void => {
    if (lines.length > 0) blocks.push(blockOf(area, lines));
    lines = [];
  };
  for (const [row, cells] of area.rows.entries()) {
    const line = lineOf(row, cells);
    if (line === undefined) {
      close();
      continue;
    }
    const isOne =
      area.align !== undefined ||
      isFlush([...lines, line]) ||
      (!area.isWritten && isCentred([...lines, line]));
    if (!isOne) close();
    lines.push(line);
  }
  close();
  return blocks;
}

function lineOf(row: number, cells: Row): Line | undefined {
  const isSeen = (cell: Row[number]): boolean => cell !== undefined && !isSpace(cell);
  const first = cells.findIndex(isSeen);
  if (first === -1) return undefined;
  return { row, first, last: cells.findLastIndex(isSeen), cells };
}

const isFlush = (lines: readonly Line[]): boolean =>
  lines.every(({ first }) => first === lines[0]?.first);

/** Twice the column of its middle. */
const axisOf = ({ first, last }: Line): number => first + last + 1;

const isCentred = (lines: readonly Line[]): boolean =>
  lines.every((line) => Math.abs(axisOf(line) - axisOf(lines[0] ?? line)) <= 2 * OFF_CENTRE);

function blockOf(area: CaptionArea, lines: readonly Line[]): CaptionBlock {
  const plain = lines
    .map(({ cells, first, last }) =>
      Array.from({ length: last - first + 1 }, (_, index) => cells[first + index]?.character ?? " ")
        .join("")
        .replace(/ {2,}/g, " "),
    )
    .join("\n");
  return {
    text: lines.map(textOf).join("\n"),
    settings: settingsOf(area, lines),
    plain,
    isWritten: area.isWritten,
  };
}

function settingsOf(area: CaptionArea, lines: readonly Line[]): string {
  const { top, left, rowHeight, columnWidth, columns } = area;
  const row = lines[0]?.row ?? 0;
  const line = `line:${percentage(top + row * rowHeight)}`;
  const place = (column: number): string => percentage(left + column * columnWidth);
  const middle = (lines[0] === undefined ? columns : axisOf(lines[0])) / 2;
  const isInMiddle = Math.abs(middle - columns / 2) <= OFF_CENTRE && isCentred(lines);
  if (area.align === "center") return `${line} position:${place(columns / 2)} align:center`;
  if (area.align === "right") return `${line} position:${place(columns)} align:end`;
  if (area.align === undefined && !area.isWritten && (isInMiddle || !isFlush(lines))) {
    return `${line} position:${place(isInMiddle ? columns / 2 : middle)} align:center`;
  }
  const first = Math.min(...lines.map((one) => one.first));
  return `${line} position:${place(first)} align:start`;
}

/** A row as WebVTT cue text: spaces between two looks belong to neither. */
function textOf({ cells, first, last }: Line): string {
  let text = "";
  let spaces = "";
  let style: TextStyle = 0;
  for (let column = first; column <= last; column += 1) {
    const cell = cells[column];
    if (cell === undefined || isSpace(cell)) {
      if (spaces === "") spaces = " ";
      else if (cell !== undefined && cells[column - 1] !== undefined) spaces += " ";
      continue;
    }
    if (cell.style === style) text += spaces;
    else text += closed(style) + spaces + opened(cell.style);
    spaces = "";
    style = cell.style;
    text += escapeText(cell.character);
  }
  return text + closed(style);
}

const opened = (style: TextStyle): string => {
  const colour = COLOURS[style & COLOUR_MASK];
  const tag = colour === undefined || colour === "white" ? "" : `<c.${colour}>`;
  return `${tag}${style & ITALIC ? "<i>" : ""}${style & UNDERLINE ? "<u>" : ""}`;
};

const closed = (style: TextStyle): string =>
  `${style & UNDERLINE ? "</u>" : ""}${style & ITALIC ? "</i>" : ""}${(style & COLOUR_MASK) === 0 ? "" : "</c>"}`;
