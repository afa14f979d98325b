import type { Clock } from "../../live/clock.ts";
import type { Log } from "../../log.ts";
import type { ProtocolError } from "../../protocol/errors.ts";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { ConnectAnswer } from "../../protocol/rtmp/client-effect.ts";
import type { MediaEffect } from "../../protocol/rtmp/session-effect.ts";
import type { LineEvents, RelayLine } from "./line.ts";
import type { WatchLimits } from "./line-watch.ts";
import type { RelayKind, RelayUrl } from "./relay-url.ts";

/** Where a relay stands. */
export type RelayState =
  /** Not wanted: nobody watches what would be pulled, nobody publishes what would be pushed. */
  | "idle"
  | "connecting"
  /** The server was reached, and has nothing to play at present. */
  | "connected"
  /** Media flows. */
  | "live"
  /** Something failed: it tries again at `retryAt`. */
  | "waiting"
  /** The server does not want it: it tries again, but seldom. */
  | "refused";

/** A failure, for people. */
export type RelayFailure = {
  readonly code: string;
  /** Nothing that may be secret is in it. */
  readonly message: string;
  readonly at: Milliseconds;
};

/** What bounds it; times in ms. */
export type CourseLimits = WatchLimits & {
  readonly relayRedirects: number;
  readonly relayRetry: Milliseconds;
  readonly relayRetryLongest: Milliseconds;
  readonly relayStable: Milliseconds;
  readonly closeTime: Milliseconds;
  readonly refusalLinger: Milliseconds;
};

/** What a relay does with its lines; the course says when. */
export type CourseHandlers = {
  /** Why not to try now, if there is a reason. */
  obstacle?(): { readonly code: string; readonly message: string } | undefined;
  connected?(line: RelayLine, answer: ConnectAnswer, url: RelayUrl): void;
  /** The line may be used; the first one since `over`. */
  ready(line: RelayLine): void;
  /**
   * The server asked to be left, and `next` is ready: to be used from the next sync sample on, and
   * `course.switched` to be called then. `media` of `next` comes meanwhile.
   */
  handover(next: RelayLine): void;
  /** `next` of a handover is lost: the present line goes on. */
  handoverOff(): void;
  media?(line: RelayLine, media: MediaEffect): void;
  ended?(line: RelayLine): void;
  badMessage?(error: ProtocolError): void;
  drain?(): void;
  /** There is no line any more. */
  over(): void;
};

/** What it is made of. */
export type CourseOptions = {
  readonly kind: RelayKind;
  readonly url: RelayUrl;
  readonly connect: (url: RelayUrl, events: LineEvents) => RelayLine;
  readonly clock: Clock;
  /** 0 to 1, another each time. */
  readonly chance: () => number;
  readonly limits: CourseLimits;
  readonly log: Log;
};
