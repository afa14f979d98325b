import { isPublishKey, keyIdentity } from "./publish-key.ts";

/** Who wants to publish, as far as it matters here. */
export type PublishRequest = {
  /** What came as `?key=`. */
  readonly key: string | undefined;
  /** Plain RTMP from this machine, with nothing between: see `isDirectLoopback`. */
  readonly isDirectLoopback: boolean;
};

/** The rules as they are set. */
export type PublishRules = {
  readonly publishKey: string;
  /** Anyone who reaches the port may publish. */
  readonly open: boolean;
  /** Who publishes from this machine needs no key. */
  readonly localPublish: boolean;
};

/** Whether somebody may publish, and as whom. */
export type PublishDecision =
  /** `identity` names the key, and is no secret; who may publish without a key has none. */
  | { readonly allowed: true; readonly identity: string | undefined }
  /** For people: shown by the encoder and in the log. */
  | { readonly allowed: false; readonly description: string };

/**
 * May this one publish? The key always opens, and only the key gives an identity; without it the
 * rules must say so.
 */
export function decidePublish(request: PublishRequest, rules: PublishRules): PublishDecision {
  const { key } = request;
  if (key !== undefined && isPublishKey(key, rules.publishKey)) {
    return { allowed: true, identity: keyIdentity(rules.publishKey) };
  }
  const mayWithout = rules.open || (rules.localPublish && request.isDirectLoopback);
  if (mayWithout) return { allowed: true, identity: undefined };
  const what = key === undefined || key === "" ? "A publish key is needed" : "Wrong publish key";
  const description = `${what}: publish as NAME?key=PUBLISHKEY (the stream key in OBS); the key lies in the file publish.key of the server's data directory`;
  return { allowed: false, description };
}
