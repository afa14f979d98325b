import type { SpliceInfo } from "./splice-info-section.ts";

/** One thing that a section marks in the programme, as HLS tells it on. */
export type SpliceMark = {
  /**
   * "out" away from the programme and "in" back to it are a pair; "command" is anything else; "cancel":
   * what was announced is not going to happen.
   */
  readonly kind: "out" | "in" | "command" | "cancel";
  /** The same in both of a pair, and in what cancels it. Undefined where it has no number. */
  readonly event: string | undefined;
  /** How long it is meant to last, ms. */
  readonly duration: number | undefined;
};

/** segmentation_type_id of what begins when the programme is left; its end has the next number. */
const OUT_TYPES: ReadonlySet<number> = new Set([
  0x22, // break
  0x30, // provider's advertisement
  0x32, // distributor's
  0x34, // placement opportunity, provider's
  0x36, // distributor's
  0x38, // overlay, provider's
  0x3a, // distributor's
  0x44, // block of advertisements, provider's
  0x46, // distributor's
]);

/**
 * What a section marks. Segmentations of several types are several marks (RFC 8216bis §4.4.5.1.1,
 * "Mapping SCTE-35 into EXT-X-DATERANGE").
 */
export function marksOf({ command, segmentations }: SpliceInfo): SpliceMark[] {
  if (command.type === "splice-insert") {
    const { eventId, isCanceled, isOut } = command;
    const event = hex(eventId);
    if (isCanceled) return [{ kind: "cancel", event, duration: undefined }];
    return [{ kind: isOut ? "out" : "in", event, duration: inMs(command.duration) }];
  }
  if (command.type === "other" || segmentations.length === 0) {
    return [{ kind: "command", event: undefined, duration: undefined }];
  }
  return segmentations.map(({ eventId, isCanceled, typeId, duration }) => {
    // A pair shares the number of the event and not that of the type.
    const event = (first: number) => `${hex(eventId)}-${hex(first, 2)}`;
    if (isCanceled) return { kind: "cancel", event: hex(eventId), duration: undefined };
    if (OUT_TYPES.has(typeId)) {
      return { kind: "out", event: event(typeId), duration: inMs(duration) };
    }
    if (OUT_TYPES.has(typeId - 1)) {
      return { kind: "in", event: event(typeId - 1), duration: undefined };
    }
    return { kind: "command", event: event(typeId), duration: inMs(duration) };
  });
}

const inMs = (ticks: number | undefined): number | undefined =>
  ticks === undefined ? undefined : ticks / 90;

const hex = (value: number, digits = 8): string =>
  value.toString(16).toUpperCase().padStart(digits, "0");
