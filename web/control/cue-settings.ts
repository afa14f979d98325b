/** Where a text lies in the picture, in the words of `VTTCue`; what is not there keeps its default. */
export type CueLayout = {
  readonly vertical?: "rl" | "lr";
  readonly line?: number;
  /** Whether `line` counts lines, and not percents of the picture. */
  readonly snapToLines?: boolean;
  readonly lineAlign?: "start" | "center" | "end";
  readonly position?: number;
  readonly positionAlign?: "line-left" | "center" | "line-right";
  readonly size?: number;
  readonly align?: "start" | "center" | "end" | "left" | "right";
};

const LINE_ALIGNS = ["start", "center", "end"] as const;
const POSITION_ALIGNS = ["line-left", "center", "line-right"] as const;
const ALIGNS = ["start", "center", "end", "left", "right"] as const;

/** Reads WebVTT cue settings (§4.4): `line:84.67% position:10% align:start`. Others are ignored. */
export function readCueSettings(settings: string): CueLayout {
  let layout: CueLayout = {};
  for (const setting of settings.split(/\s+/)) {
    const [name = "", value = ""] = setting.split(/:(.*)/s);
    layout = { ...layout, ...readSetting(name, value) };
  }
  return layout;
}

function readSetting(name: string, value: string): CueLayout {
  const [first = "", second] = value.split(",");
  switch (name) {
    case "vertical":
      return value === "rl" || value === "lr" ? { vertical: value } : {};
    case "line": {
      const percent = readPercent(first);
      const number = /^-?\d{1,4}$/.test(first) ? Number(first) : undefined;
      const line = percent ?? number;
      if (line === undefined) return {};
      const lineAlign = LINE_ALIGNS.find((one) => one === second);
      return { line, snapToLines: percent === undefined, ...(lineAlign && { lineAlign }) };
    }
    case "position": {
      const position = readPercent(first);
      if (position === undefined) return {};
      const positionAlign = POSITION_ALIGNS.find((one) => one === second);
      return { position, ...(positionAlign && { positionAlign }) };
    }
    case "size": {
      const size = readPercent(first);
      return size === undefined ? {} : { size };
    }
    case "align": {
      const align = ALIGNS.find((one) => one === value);
      return align === undefined ? {} : { align };
    }
    default:
      return {};
  }
}

function readPercent(text: string): number | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text);
  const value = Number(match?.[1]);
  return match !== null && value <= 100 ? value : undefined;
}
