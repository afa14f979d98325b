import { z } from "zod";
import { LIMITS } from "../protocol/limits.ts";
import { isRecordingPattern } from "../store/recording-rules.ts";
import {
  AGE_UNITS,
  INTERVAL,
  LONGEST_DVR,
  LONGEST_GRACE_SECONDS,
  PART,
  SIZE_UNITS,
  SMALLEST_DISK,
  TARGET_SECONDS,
  TIME_UNITS,
} from "./bounds.ts";
import type { Settings } from "./settings.ts";

const port = z.coerce
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .pipe(z.int().max(65_535));
const path = z
  .string()
  .min(1)
  .regex(/^[^\0]*$/);
const onOff = z.union([
  z.boolean(),
  z.enum(["on", "true", "yes", "1"]).transform(() => true),
  z.enum(["off", "false", "no", "0"]).transform(() => false),
]);
const seconds = z.coerce
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .transform((text) => Number(text) * 1000)
  .pipe(z.number().max(LONGEST_GRACE_SECONDS * 1000));

const hlsPart = z.coerce
  .string()
  .regex(/^\d{3,4}$/)
  .transform(Number)
  .pipe(z.int().min(PART.least).max(PART.most));
const hlsTargetDuration = z.coerce
  .string()
  .regex(/^\d{1,2}$/)
  .transform((text) => Number(text) * 1000)
  .pipe(
    z
      .int()
      .min(TARGET_SECONDS.least * 1000)
      .max(TARGET_SECONDS.most * 1000),
  );
const interval = z.coerce
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .transform((text) => Number(text) * 1000)
  .pipe(
    z
      .number()
      .min(INTERVAL.least * 1000)
      .max(INTERVAL.most * 1000),
  );
/** A number and one of some units. */
const measure = (units: { readonly [unit: string]: number }) =>
  z
    .string()
    .regex(new RegExp(`^\\d{1,6}(\\.\\d+)?(${Object.keys(units).join("|")})$`))
    .transform((text) => {
      const unit = Object.keys(units).find((one) => text.endsWith(one)) ?? "";
      return Math.round(Number(text.slice(0, -unit.length)) * (units[unit] ?? 1));
    });
const age = z.union([z.literal("off").transform(() => undefined), measure(AGE_UNITS)]);
const size = z.union([z.number(), measure(SIZE_UNITS)]).pipe(z.number().min(SMALLEST_DISK));
/** One or several, with space between, or a list. */
const patterns = z
  .union([
    z.string().transform((text) => text.split(/\s+/).filter((one) => one !== "")),
    z.array(z.string()),
  ])
  .pipe(z.array(z.string().refine(isRecordingPattern)).max(LIMITS.recordRules));

const EMBED_WORDS = ["*", "self", "none"];
const EMBED_ORIGIN = /^https?:\/\/(\*\.)?[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?(:(\d{1,5}|\*))?$/i;
const embedOrigins = z
  .union([
    z.string().transform((text) => text.split(/\s+/).filter((one) => one !== "")),
    z.array(z.string()),
  ])
  .pipe(
    z
      .array(z.string().refine((one) => EMBED_WORDS.includes(one) || EMBED_ORIGIN.test(one)))
      .min(1)
      .max(LIMITS.embedOrigins)
      .refine((all) => all.length === 1 || !all.some((one) => one === "*" || one === "none")),
  );

const dvr = measure(TIME_UNITS).pipe(z.number().max(LONGEST_DVR));

/** The whole of the settings; whoever was not set takes its default here. */
const schema = (isTerminal: boolean) =>
  z.object({
    host: z
      .string()
      .regex(/^[\w.:%-]{1,255}$/)
      .optional(),
    rtmpPort: port.default(1935),
    httpPort: port.default(8080),
    rtmpsPort: port.optional(),
    httpsPort: port.optional(),
    tlsCert: path.optional(),
    tlsKey: path.optional(),
    rtmpsTlsMax: z.coerce
      .string()
      .pipe(z.enum(["1.2", "1.3"]))
      .default("1.2"),
    dataDir: path.default("./data"),
    open: onOff.default(false),
    localPublish: onOff.default(true),
    rtmpe: onOff.default(true),
    captureDir: path.optional(),
    gracePeriod: seconds.default(LIMITS.gracePeriod),
    hlsPart: hlsPart.default(LIMITS.hlsPart),
    hlsTargetDuration: hlsTargetDuration.default(LIMITS.hlsTargetDuration),
    dvr: dvr.default(LIMITS.hlsMemoryWindow),
    dvrDisk: size.default(LIMITS.dvrDisk),
    record: patterns.default([]),
    recordDir: path.optional(),
    recordInterval: interval.default(1000),
    recordKeep: age.optional(),
    recordDisk: size.default(50e9),
    embedOrigins: embedOrigins.default(["*"]),
    logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
    logFormat: z.enum(["pretty", "json"]).default(isTerminal ? "pretty" : "json"),
  });

/** All settings but those of relays, or the name of the first one that is wrong. */
export type Parsed =
  | { readonly settings: Omit<Settings, "relays" | "relayTlsCa"> }
  | { readonly wrong: string };

/**
 * Reads values as they are written, text or not; what is not there takes its default.
 *
 * @param isTerminal the log is read by people
 */
export function parseSettings(
  values: { readonly [name: string]: unknown },
  isTerminal: boolean,
): Parsed {
  const result = schema(isTerminal).safeParse(values);
  if (!result.success) return { wrong: String(result.error.issues[0]?.path[0]) };
  const { host, rtmpsPort, httpsPort, tlsCert, tlsKey, captureDir, ...others } = result.data;
  const { recordDir, recordKeep, ...rest } = others;
  return {
    settings: {
      ...{ host, rtmpsPort, httpsPort, tlsCert, tlsKey, captureDir },
      ...{ recordDir, recordKeep },
      ...rest,
    },
  };
}

/** Whether EXT-X-TARGETDURATION may be so many seconds. */
export const isTargetDuration = (value: number): boolean =>
  hlsTargetDuration.safeParse(value).success;
