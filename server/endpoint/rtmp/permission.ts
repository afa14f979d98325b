import type { Peer } from "./peer.ts";

/** Whether somebody may publish, and under which identity; `description` is for people. */
export type PublishDecision =
  | { readonly allowed: true; readonly identity: string | undefined }
  | { readonly allowed: false; readonly description: string };

/** Decides who may publish; `key` is what was shown, a secret. */
export type MayPublish = (request: {
  readonly streamPath: string;
  readonly key: string | undefined;
  readonly peer: Peer;
}) => PublishDecision;

/** Whether somebody may watch; `description` is for people. */
export type PlayDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly description: string };

/** Decides who may watch; `query` is what stood behind the name, and may hold secrets. */
export type MayPlay = (request: {
  readonly streamPath: string;
  readonly query: { readonly [name: string]: string };
  readonly peer: Peer;
}) => PlayDecision;
