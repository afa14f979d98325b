import type { Peer } from "./peer.ts";

/** What a connection asks about relays: `RelayTrails` has it. */
export type RelayRules = {
  /** This server's name among its kind. */
  readonly relayId: string;
  /** Why a stream may not go on through here, to a relay of another server; undefined: it may. */
  refusal(streamPath: string, trail: string | undefined): string | undefined;
  /** Somebody has it played for them. @returns they have it no more */
  watch(streamPath: string, trail: string | undefined): () => void;
};

/** Where a publish or play comes from. */
export type Origin = {
  readonly peer: Peer;
  /** What it came through, where the peer is a server of our kind. */
  readonly relayTrail: string | undefined;
};
