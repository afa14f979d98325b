import type { Bytes } from "../bytes/bytes.ts";
import type { Milliseconds } from "../media/sample.ts";
import type { CaptionArea } from "./caption-block.ts";
import { g0g1Character, g2Character, g3Character, p16Character } from "./cea708-characters.ts";
import { Cea708Window } from "./cea708-window.ts";

const WINDOWS = 8;

/** C0 and C1: codes that do something (CTA-708 §7.1.4, §8.10.5). */
const Code = {
  Backspace: 0x08,
  FormFeed: 0x0c,
  CarriageReturn: 0x0d,
  HorizontalCarriageReturn: 0x0e,
  Extended: 0x10,
  P16: 0x18,
  SetCurrentWindow: 0x80,
  ClearWindows: 0x88,
  DisplayWindows: 0x89,
  HideWindows: 0x8a,
  ToggleWindows: 0x8b,
  DeleteWindows: 0x8c,
  Reset: 0x8f,
  SetPenAttributes: 0x90,
  SetPenColour: 0x91,
  SetPenLocation: 0x92,
  SetWindowAttributes: 0x97,
  DefineWindow: 0x98,
} as const;

/** Bytes behind each code of C1. Delays (8d) are not waited for: captions are late enough. */
const C1_PARAMETERS = [
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0],
  ...[2, 3, 2, 0, 0, 0, 0, 4, 6, 6, 6, 6, 6, 6, 6, 6],
] as const;

/** One caption service: eight windows, of which those are shown that are visible. */
export class Cea708Service {
  #windows: (Cea708Window | undefined)[] = [];
  #current = 0;
  #changed = false;
  #lastAt: Milliseconds = 0;

  /** @returns whether what is displayed may have changed since the last call */
  takeChange(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** What is shown, in order of the windows' priority. */
  get areas(): CaptionArea[] {
    return this.#windows
      .filter((window) => window?.isVisible === true)
      .filter((window) => window !== undefined)
      .sort((a, b) => a.priority - b.priority)
      .map((window) => window.area);
  }

  /** Nothing came for so long that nothing can be meant to be shown. */
  eraseWhenSilent(at: Milliseconds, longest: Milliseconds): void {
    if (at - this.#lastAt < longest || this.#windows.length === 0) return;
    this.#windows = [];
    this.#changed = true;
  }

  /** Takes one service block: codes with all their parameters. */
  push(data: Bytes, at: Milliseconds): void {
    this.#lastAt = at;
    this.#changed = true;
    let offset = 0;
    while (offset < data.length) offset += this.#code(data, offset);
  }

  /** @returns how many bytes it took */
  #code(data: Bytes, offset: number): number {
    const code = data[offset] ?? 0;
    const next = data[offset + 1] ?? 0;
    if (code === Code.Extended) return 1 + this.#extended(data, offset + 1);
    if (code < 0x20) {
      // Other codes of C0 have none, one or two bytes behind them, by their place.
      const parameters = code < 0x10 ? 0 : code < 0x18 ? 1 : 2;
      if (code === Code.P16) {
        if (offset + 2 < data.length)
          this.#write(p16Character(next * 256 + (data[offset + 2] ?? 0)));
      } else this.#control(code);
      return 1 + parameters;
    }
    if (code < 0x80 || code >= 0xa0) {
      this.#write(g0g1Character(code));
      return 1;
    }
    const length = C1_PARAMETERS[code - 0x80] ?? 0;
    const parameters = data.subarray(offset + 1, offset + 1 + length);
    if (parameters.length === length) this.#command(code, parameters);
    return 1 + length;
  }

  /** Behind EXT1: G2 and G3 are characters; C2 and C3 are for receivers to come. */
  #extended(data: Bytes, offset: number): number {
    const code = data[offset] ?? 0;
    if (code < 0x20) return 1 + (code >> 3);
    if (code < 0x80) this.#write(g2Character(code));
    else if (code >= 0xa0) this.#write(g3Character(code));
    else if (code < 0x88) return 5;
    else if (code < 0x90) return 6;
    else return 2 + ((data[offset + 1] ?? 0) & 31);
    return 1;
  }

  #write(character: string): void {
    this.#windows[this.#current]?.write(character);
  }

  #control(code: number): void {
    const window = this.#windows[this.#current];
    switch (code) {
      case Code.Backspace:
        window?.backspace();
        return;
      case Code.FormFeed:
        window?.clear();
        return;
      case Code.CarriageReturn:
        window?.carriageReturn();
        return;
      case Code.HorizontalCarriageReturn:
        window?.horizontalCarriageReturn();
        return;
      default:
      // The end of a text (03) and padding (00).
    }
  }

  #command(code: number, parameters: Bytes): void {
    const window = this.#windows[this.#current];
    if (code >= Code.DefineWindow) {
      this.#define(code - Code.DefineWindow, parameters);
      return;
    }
    if (code < Code.SetCurrentWindow + WINDOWS) {
      if (this.#windows[code - Code.SetCurrentWindow] !== undefined) {
        this.#current = code - Code.SetCurrentWindow;
      }
      return;
    }
    switch (code) {
      case Code.ClearWindows:
        this.#each(parameters, (one) => one.clear());
        return;
      case Code.DisplayWindows:
        this.#each(parameters, (one) => {
          one.isVisible = true;
        });
        return;
      case Code.HideWindows:
        this.#each(parameters, (one) => {
          one.isVisible = false;
        });
        return;
      case Code.ToggleWindows:
        this.#each(parameters, (one) => {
          one.isVisible = !one.isVisible;
        });
        return;
      case Code.DeleteWindows:
        this.#each(parameters, (_one, index) => {
          this.#windows[index] = undefined;
        });
        return;
      case Code.Reset:
        this.#windows = [];
        return;
      case Code.SetPenAttributes:
        window?.setPenAttributes(parameters);
        return;
      case Code.SetPenColour:
        window?.setPenColour(parameters);
        return;
      case Code.SetPenLocation:
        window?.setPenLocation(parameters);
        return;
      case Code.SetWindowAttributes:
        window?.setAttributes(parameters);
        return;
      default:
    }
  }

  #define(index: number, parameters: Bytes): void {
    const known = this.#windows[index];
    const window = known ?? new Cea708Window();
    window.define(parameters, known === undefined);
    this.#windows[index] = window;
    this.#current = index;
  }

  /** @param parameters one byte: a bit for each window, the lowest for the first */
  #each(parameters: Bytes, act: (window: Cea708Window, index: number) => void): void {
    const wanted = parameters[0] ?? 0;
    for (let index = 0; index < WINDOWS; index += 1) {
      const window = this.#windows[index];
      if (window !== undefined && (wanted & (1 << index)) !== 0) act(window, index);
    }
  }
}
