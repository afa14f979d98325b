import type { Milliseconds } from "../media/sample.ts";
import { basicCharacter, extendedCharacter, specialCharacter } from "./cea608-characters.ts";
import { COLOUR_MASK, ITALIC, TextGrid, type TextStyle, UNDERLINE } from "./text-grid.ts";

export const CEA608_ROWS = 15;
export const CEA608_COLUMNS = 32;

/** Rows by the low three bits of a PAC's first byte, and bit 5 of its second. */
const PAC_ROWS = [
  [10, 10],
  [0, 1],
  [2, 3],
  [11, 12],
  [13, 14],
  [4, 5],
  [6, 7],
  [8, 9],
] as const;

/** Commands: the second byte behind 14 (field 1) or 15 (field 2). */
const Command = {
  ResumeCaptionLoading: 0x20,
  Backspace: 0x21,
  DeleteToEndOfRow: 0x24,
  RollUp2: 0x25,
  RollUp4: 0x27,
  ResumeDirectCaptioning: 0x29,
  TextRestart: 0x2a,
  ResumeTextDisplay: 0x2b,
  EraseDisplayedMemory: 0x2c,
  CarriageReturn: 0x2d,
  EraseNonDisplayedMemory: 0x2e,
  EndOfCaption: 0x2f,
} as const;

/** Which memory is written, and how; before the first command it is not known. */
type Mode = "unknown" | "pop-on" | "roll-up" | "paint-on" | "text";

/**
 * One field of line 21: two channels of captions, of which one is being sent at any moment, and in the
 * second field also data of other kinds, which is passed over (ANSI/CTA-608-E).
 */
export class Cea608Field {
  readonly channels: readonly [Cea608Channel, Cea608Channel] = [
    new Cea608Channel(),
    new Cea608Channel(),
  ];
  #current: Cea608Channel | undefined;
  /** The last control pair, unless it was the second of two. */
  #lastControl = 0;

  /** Takes one pair of bytes, with or without their parity bits. */
  push(firstByte: number, secondByte: number, at: Milliseconds): void {
    const first = firstByte & 0x7f;
    const second = secondByte & 0x7f;
    if (first === 0 && second === 0) return;
    if (first >= 0x10 && first <= 0x1f) {
      const control = (first << 8) | second;
      // Each is sent twice, in case one is lost.
      if (control === this.#lastControl) {
        this.#lastControl = 0;
        return;
      }
      this.#lastControl = control;
      if (second < 0x20) return;
      this.#current = this.channels[(first & 8) === 0 ? 0 : 1];
      this.#current.control(first & 0x17, second, at);
      return;
    }
    this.#lastControl = 0;
    // Extended data services: what follows is theirs until the next control pair.
    if (first > 0 && first < 0x10) this.#current = undefined;
    else this.#current?.characters(first, second, at);
  }
}

/** One of CC1 to CC4: what it shows, and what it prepares. */
export class Cea608Channel {
  #mode: Mode = "unknown";
  #displayed = new TextGrid(CEA608_ROWS, CEA608_COLUMNS);
  #prepared = new TextGrid(CEA608_ROWS, CEA608_COLUMNS);
  #row = CEA608_ROWS - 1;
  /** Where the next character goes; behind the last column the last one is overwritten. */
  #column = 0;
  #style: TextStyle = 0;
  #rollUpRows = 2;
  #changed = false;
  /** Something was received for it. */
  #lastAt: Milliseconds = 0;

  get displayed(): TextGrid {
    return this.#displayed;
  }

  /** What is shown grows character by character. */
  get isWritten(): boolean {
    return this.#mode === "roll-up" || this.#mode === "paint-on";
  }

  /** @returns whether what is displayed may have changed since the last call */
  takeChange(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** Nothing came for so long that nothing can be meant to be shown (15.119(f)). */
  eraseWhenSilent(at: Milliseconds, longest: Milliseconds): void {
    if (at - this.#lastAt < longest || this.#displayed.isBlank) return;
    this.#displayed.clear();
    this.#prepared.clear();
    this.#changed = true;
  }

  /** @param first without its channel's bit: 10 to 17 */
  control(first: number, second: number, at: Milliseconds): void {
    this.#lastAt = at;
    if (second >= 0x40) this.#preamble(first, second);
    else if (first === 0x11 && second < 0x30) this.#midRow(second);
    else if (first === 0x11) this.#write(specialCharacter(second));
    else if (first === 0x12 || first === 0x13) {
      // It stands behind its likeness in the basic set, for receivers that do not know it.
      this.#column = Math.max(0, this.#column - 1);
      this.#write(extendedCharacter(first, second));
    } else if (first === 0x14 || first === 0x15) this.#command(second);
    else if (first === 0x17 && second >= 0x21 && second <= 0x23) {
      this.#column = Math.min(CEA608_COLUMNS - 1, this.#column + (second & 3));
    } else if (first === 0x17 && (second === 0x2e || second === 0x2f)) {
      this.#style = COLOUR_MASK | (second === 0x2f ? UNDERLINE : 0); // black
    }
    // What is left is the background, which is not shown.
  }

  characters(first: number, second: number, at: Milliseconds): void {
    this.#lastAt = at;
    // A zero is no character, in either place.
    if (first >= 0x20) this.#write(basicCharacter(first));
    if (second >= 0x20) this.#write(basicCharacter(second));
  }

  /** The memory that is written now. */
  get #target(): TextGrid | undefined {
    switch (this.#mode) {
      case "pop-on":
        return this.#prepared;
      case "roll-up":
      case "paint-on":
        return this.#displayed;
      default:
        return undefined;
    }
  }

  #write(character: string): void {
    const target = this.#target;
    if (target === undefined) return;
    target.put(this.#row, Math.min(this.#column, CEA608_COLUMNS - 1), character, this.#style);
    this.#column = Math.min(CEA608_COLUMNS, this.#column + 1);
    this.#touch(target);
  }

  #touch(target: TextGrid): void {
    if (target === this.#displayed) this.#changed = true;
  }

  #command(command: number): void {
    switch (command) {
      case Command.ResumeCaptionLoading:
        this.#mode = "pop-on";
        return;
      case Command.ResumeDirectCaptioning:
        this.#mode = "paint-on";
        return;
      case Command.TextRestart:
      case Command.ResumeTextDisplay:
        this.#mode = "text";
        return;
      case Command.EndOfCaption:
        this.#mode = "pop-on";
        [this.#displayed, this.#prepared] = [this.#prepared, this.#displayed];
        this.#changed = true;
        return;
      case Command.EraseDisplayedMemory:
        this.#displayed.clear();
        this.#changed = true;
        return;
      case Command.EraseNonDisplayedMemory:
        this.#prepared.clear();
        return;
      case Command.CarriageReturn:
        if (this.#mode !== "roll-up") return;
        this.#displayed.rollUp(this.#topRow, this.#row);
        this.#column = 0;
        this.#style = 0;
        this.#changed = true;
        return;
      case Command.Backspace:
        if (this.#column === 0) return;
        this.#column -= 1;
        this.#target?.erase(this.#row, this.#column, this.#column + 1);
        this.#changed = true;
        return;
      case Command.DeleteToEndOfRow:
        this.#target?.erase(this.#row, this.#column);
        this.#changed = true;
        return;
      default:
        if (command >= Command.RollUp2 && command <= Command.RollUp4) {
          this.#rollUp(command - Command.RollUp2 + 2);
        }
    }
  }

  get #topRow(): number {
    return Math.max(0, this.#row - this.#rollUpRows + 1);
  }

  #rollUp(rows: number): void {
    this.#rollUpRows = rows;
    this.#changed = true;
    if (this.#mode === "roll-up") {
      this.#displayed.keepRows(this.#topRow, this.#row);
      return;
    }
    this.#mode = "roll-up";
    this.#displayed.clear();
    this.#prepared.clear();
    this.#row = CEA608_ROWS - 1;
    this.#column = 0;
    this.#style = 0;
  }

  /** Preamble address code: where and how the next characters are written. */
  #preamble(first: number, second: number): void {
    const row = PAC_ROWS[first & 7]?.[(second >> 5) & 1] ?? CEA608_ROWS - 1;
    if (this.#mode === "roll-up") this.#moveBase(row);
    else this.#row = row;
    const underline = (second & 1) === 0 ? 0 : UNDERLINE;
    if ((second & 0x10) !== 0) {
      this.#column = ((second >> 1) & 7) * 4;
      this.#style = underline;
    } else {
      this.#column = 0;
      const colour = (second >> 1) & 7;
      this.#style = underline | (colour === 7 ? ITALIC : colour);
    }
  }

  #moveBase(wished: number): void {
    const row = Math.max(wished, this.#rollUpRows - 1);
    if (row === this.#row) return;
    this.#displayed.moveRows(this.#row, row, this.#rollUpRows);
    this.#row = row;
    this.#changed = true;
  }

  /** It takes the place of a space. */
  #midRow(second: number): void {
    const underline = (second & 1) === 0 ? 0 : UNDERLINE;
    const colour = (second >> 1) & 7;
    // Italics keep the colour; a colour ends italics.
    this.#style = underline | (colour === 7 ? (this.#style & COLOUR_MASK) | ITALIC : colour);
    this.#write(" ");
  }
}
