import type { DataValue } from "../../protocol/media/sample.ts";

/** Encoders whose settings are known by name. */
export type EncoderKind = "obs" | "ffmpeg" | "gstreamer" | "other";

/** Who made the broadcast, as its metadata say. */
export type EncoderName = {
  readonly kind: EncoderKind;
  /** In its own words; empty where it does not say. */
  readonly name: string;
};

/** Characters that are kept of a name. */
const LONGEST = 128;

const KINDS: readonly (readonly [RegExp, EncoderKind])[] = [
  [/libobs|obs-output|\bOBS\b/i, "obs"],
  [/gstreamer/i, "gstreamer"],
  [/^Lavf|ffmpeg/i, "ffmpeg"],
];

/** Finds the name in onMetaData: `encoder` or, as GStreamer has it, `metadatacreator`. */
export function encoderName(
  metadata: { readonly [name: string]: DataValue } | undefined,
): EncoderName {
  const said = [metadata?.["encoder"], metadata?.["metadatacreator"]].find(
    (value) => typeof value === "string" && value.trim() !== "",
  );
  const name = typeof said === "string" ? said.trim().slice(0, LONGEST) : "";
  const kind = KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? "other";
  return { kind, name };
}
