/** Which live streams are recorded: `live/*`, `**`. */
export class RecordingRules {
  readonly #patterns: readonly RegExp[];

  /** @param patterns each as `isRecordingPattern` takes it */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map(toRegExp);
  }

  matches(streamPath: string): boolean {
    return this.#patterns.some((pattern) => pattern.test(streamPath));
  }
}

const LONGEST = 255;

/** `*` is any part of a name, `**` any names; everything else is itself. */
export const isRecordingPattern = (text: string): boolean =>
  text.length > 0 && text.length <= LONGEST && !/\*{3}|[\s\0]|^\/|\/$/.test(text);

function toRegExp(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*|\*)/).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`, "s");
}
