import { z } from "zod";
import type { Milliseconds } from "../../protocol/media/sample.ts";

/** What the API needs of a relay; nothing of it is secret. */
export type ListedRelay = {
  readonly id: string;
  readonly kind: "pull" | "push";
  readonly streamPath: string;
  readonly url: string;
  readonly when: "always" | "demand" | "published";
  readonly state: "idle" | "connecting" | "connected" | "live" | "waiting" | "refused";
  readonly since: Milliseconds;
  readonly attempts: number;
  readonly retryAt: Milliseconds | undefined;
  readonly lastFailure:
    | { readonly code: string; readonly message: string; readonly at: Milliseconds }
    | undefined;
  readonly bytes: number;
  readonly samplesDropped: number;
  readonly leftOut: readonly string[];
};

/** A relay as it is told to others. */
export type RelayAnswer = Omit<ListedRelay, "since" | "retryAt" | "lastFailure"> & {
  readonly since: string;
  readonly retryAt: string | null;
  readonly lastError: {
    readonly code: string;
    readonly message: string;
    readonly at: string;
  } | null;
};

/** What `POST /api/v1/relays` takes: `url` and `streamKey` may hold secrets. */
export type RelayRequest = {
  readonly kind: "pull" | "push";
  readonly streamPath: string;
  readonly url: string;
  readonly streamKey?: string | undefined;
  readonly when?: "always" | "demand" | undefined;
  readonly tls?:
    | { readonly ca?: string | undefined; readonly verify?: boolean | undefined }
    | undefined;
  readonly enhanced?: boolean | undefined;
};

const time = z.iso.datetime();

/** The form of a relay. */
export const relaySchema: z.ZodType<RelayAnswer> = z.strictObject({
  id: z.string(),
  kind: z.enum(["pull", "push"]),
  streamPath: z.string().describe("APP/NAME; of a push also APP/*: one more entry for each stream"),
  url: z.string().describe("without queries and, of a push, without the stream key"),
  when: z.enum(["always", "demand", "published"]).describe("pull: always or on demand"),
  state: z
    .enum(["idle", "connecting", "connected", "live", "waiting", "refused"])
    .describe(
      "idle: not wanted now; connected: the server has nothing to play; waiting: it failed and is tried again at retryAt; refused: likewise, but seldom",
    ),
  since: time,
  attempts: z.int().min(0).describe("connections begun since it was wanted"),
  retryAt: time.nullable(),
  lastError: z
    .strictObject({ code: z.string(), message: z.string().describe("for people"), at: time })
    .nullable()
    .describe("what failed last; null once media flows again"),
  bytes: z.int().min(0).describe("both directions"),
  samplesDropped: z.int().min(0).describe("push: left out, because the server was too slow"),
  leftOut: z.array(z.string()).describe("push: tracks that the server does not say it reads"),
});

/** The form of the whole list. */
export const relayListSchema: z.ZodType<{ readonly relays: readonly RelayAnswer[] }> =
  z.strictObject({ relays: z.array(relaySchema).describe("in the order they were made") });

/** The form of a request for one. */
export const relayRequestSchema: z.ZodType<RelayRequest> = z.strictObject({
  kind: z.enum(["pull", "push"]),
  streamPath: z.string().describe("APP/NAME here; of a push also APP/*"),
  url: z.string().describe("rtmp://HOST[:PORT]/APP/NAME, or rtmps, rtmpt, rtmpts, rtmpe, rtmpte"),
  streamKey: z.string().optional().describe("then all of the URL's path is the application"),
  when: z.enum(["always", "demand"]).optional().describe("pull: on demand by default"),
  tls: z
    .strictObject({
      ca: z.string().optional().describe("certificates of authorities to trust besides, PEM"),
      verify: z.boolean().optional().describe("false takes any certificate"),
    })
    .optional(),
  enhanced: z
    .boolean()
    .optional()
    .describe("push: the server reads Enhanced RTMP, whatever it says"),
});

/** Tells of a relay. */
export function relayAnswer(relay: ListedRelay): RelayAnswer {
  const { since, retryAt, lastFailure, ...same } = relay;
  return {
    ...same,
    since: iso(since),
    retryAt: retryAt === undefined ? null : iso(retryAt),
    lastError: lastFailure === undefined ? null : { ...lastFailure, at: iso(lastFailure.at) },
  };
}

const iso = (at: Milliseconds): string => new Date(Math.round(at)).toISOString();
