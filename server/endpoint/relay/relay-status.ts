import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { Course } from "./course.ts";
import type { RelayFailure, RelayState } from "./course-parts.ts";
import type { PullRelay } from "./pull-relay.ts";
import type { PushRelay } from "./push-relay.ts";
import { type RelaySpec, urlFor } from "./relay-spec.ts";
import { type RelayKind, type RelayUrl, shownUrl } from "./relay-url.ts";

/** A relay as it is told to others: nothing in it is secret. */
export type RelayStatus = {
  readonly id: string;
  readonly kind: RelayKind;
  readonly streamPath: string;
  readonly url: string;
  readonly when: "always" | "demand" | "published";
  readonly state: RelayState;
  readonly since: Milliseconds;
  readonly attempts: number;
  readonly retryAt: Milliseconds | undefined;
  readonly lastFailure: RelayFailure | undefined;
  readonly bytes: number;
  readonly samplesDropped: number;
  readonly leftOut: readonly string[];
};

/** A pull as it is kept. */
export type Pull = {
  readonly kind: "pull";
  readonly id: string;
  readonly spec: RelaySpec;
  readonly url: RelayUrl;
  readonly relay: PullRelay;
  /** By who asks without watching: see `ask`. */
  askedUntil: Milliseconds;
  cancelAsked: (() => void) | undefined;
  /** Lets go of the live stream that is kept while it is asked for: there is something to wait for. */
  letGo: (() => void) | undefined;
};

/** A push of one stream. */
export type Push = {
  readonly kind: "push";
  readonly id: string;
  readonly spec: RelaySpec;
  readonly streamPath: string;
  readonly url: RelayUrl;
  readonly relay: PushRelay;
};

/** A push of all streams of an application: it has a push for each one that is published. */
export type PushAll = {
  readonly kind: "push-all";
  readonly id: string;
  readonly spec: RelaySpec;
  readonly since: Milliseconds;
  readonly pushes: Map<string, Push>;
};

/** Any of them. */
export type Relay = Pull | Push | PushAll;

/** Tells of a relay: one entry, and of a push of all streams one more for each. */
export function statusesOf(relay: Relay): RelayStatus[] {
  const { id, spec } = relay;
  switch (relay.kind) {
    case "pull": {
      const shown = shownUrl(relay.url, "pull");
      const { when = "demand" } = spec;
      return [
        {
          ...{ id, kind: "pull", streamPath: spec.streamPath, url: shown, when, ...NONE },
          ...statusOf(relay.relay.course),
        },
      ];
    }
    case "push":
      return [pushStatus(relay)];
    case "push-all": {
      const pushes = [...relay.pushes.values()].map(pushStatus);
      const url = shownUrl(urlFor(spec, spec.streamPath), "push");
      const bytes = pushes.reduce((sum, push) => sum + push.bytes, 0);
      const whole: RelayStatus = {
        ...{ id, kind: "push", streamPath: spec.streamPath, url, when: "published", ...NONE },
        ...{ state: pushes.some(({ state }) => state === "live") ? "live" : "idle", bytes },
        ...{ since: relay.since, attempts: 0, retryAt: undefined, lastFailure: undefined },
      };
      return [whole, ...pushes];
    }
  }
}

const NONE = { samplesDropped: 0, leftOut: [] } as const;

function pushStatus({ id, streamPath, url, relay }: Push): RelayStatus {
  const { course, samplesDropped, leftOut } = relay;
  return {
    ...{ id, kind: "push", streamPath, url: shownUrl(url, "push"), when: "published" },
    ...{ samplesDropped, leftOut },
    ...statusOf(course),
  };
}

const statusOf = ({ state, since, attempts, retryAt, lastFailure, bytes }: Course) => ({
  ...{ state, since, attempts, retryAt, lastFailure, bytes },
});
