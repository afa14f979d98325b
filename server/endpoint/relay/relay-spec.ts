import { LIMITS } from "../../protocol/limits.ts";
import { isStreamPathPart } from "../../protocol/rtmp/stream-name.ts";
import type { RelayTls } from "./dial.ts";
import { type RelayKind, type RelayUrl, RelayUrlError, readRelayUrl } from "./relay-url.ts";

/** A relay as it is asked for. `url` and `streamKey` may hold secrets. */
export type RelaySpec = {
  readonly kind: RelayKind;
  /** APP/NAME; of a push also `APP/*`: all streams of an application. */
  readonly streamPath: string;
  /** Of a push of all streams its last part is `*` too, and stands for NAME. */
  readonly url: string;
  /** Where it is given, all of the URL's path is the application, as in OBS. */
  readonly streamKey?: string | undefined;
  /** Of a pull. Default: on demand. */
  readonly when?: "always" | "demand" | undefined;
  readonly tls?: RelayTls | undefined;
  /** Of a push: the server is taken to read Enhanced RTMP, whatever it says. */
  readonly enhanced?: boolean | undefined;
};

/** A relay that cannot be; one line for people, without anything that may be secret. */
export class RelaySpecError extends Error {
  override readonly name = "RelaySpecError";
  /** What is wrong with it: the name of a member. */
  readonly field: "streamPath" | "url" | "when";

  constructor(field: RelaySpecError["field"], message: string) {
    super(message);
    this.field = field;
  }
}

const ALL = "*";

/** Whether it means all streams of an application. */
export const isPattern = ({ streamPath }: RelaySpec): boolean => streamPath.endsWith(`/${ALL}`);

/** Whether a relay of all streams of an application means this one. */
export function matches({ streamPath: pattern }: RelaySpec, streamPath: string): boolean {
  const application = pattern.slice(0, -ALL.length);
  return streamPath.startsWith(application) && !streamPath.slice(application.length).includes("/");
}

/**
 * The URL for one stream.
 *
 * @throws RelaySpecError
 */
export function urlFor({ url, streamKey }: RelaySpec, streamPath: string): RelayUrl {
  const name = streamPath.slice(streamPath.lastIndexOf("/") + 1);
  const put = (text: string): string => text.replace(/(^|\/)\*(?=\?|$)/, `$1${name}`);
  try {
    return streamKey === undefined ? readRelayUrl(put(url)) : readRelayUrl(url, put(streamKey));
  } catch (error) {
    if (!(error instanceof RelayUrlError)) throw error;
    throw new RelaySpecError("url", error.message);
  }
}

/** Checks what can be known of it before it begins. @throws RelaySpecError */
export function checkSpec(spec: RelaySpec): void {
  const { kind, streamPath, url, streamKey, when } = spec;
  const parts = streamPath.split("/");
  const isAll = isPattern(spec);
  const named = isAll ? parts.slice(0, -1) : parts;
  const isPath = parts.length >= 2 && named.every(isStreamPathPart);
  if (!isPath || streamPath.length > LIMITS.streamPath) {
    throw new RelaySpecError("streamPath", "it is no APP/NAME of letters, digits and . _ ~ -");
  }
  if (isAll && kind === "pull") {
    throw new RelaySpecError("streamPath", "one stream only can be pulled");
  }
  if (when !== undefined && kind === "push") {
    throw new RelaySpecError("when", "a push goes on while somebody publishes: it takes no when");
  }
  const hasPlace = /(^|\/)\*(\?|$)/.test(streamKey ?? url);
  if (isAll !== hasPlace) {
    const message = isAll
      ? "its name must be *, which stands for each stream's"
      : "its name is *, but only one stream is meant";
    throw new RelaySpecError("url", message);
  }
  urlFor(spec, streamPath);
}
