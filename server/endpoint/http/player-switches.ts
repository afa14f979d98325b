import { LIMITS } from "../../protocol/limits.ts";

/** What an address says of how its player is to be, as attributes of `<sluice-player>`. */
export type PlayerSwitches = {
  readonly autoplay: string | boolean;
  readonly muted: boolean;
  readonly controls: boolean;
  /** Statistics over the picture. */
  readonly stats: boolean;
  readonly latency: string | undefined;
  readonly transport: string | undefined;
  readonly engine: string | undefined;
  readonly lang: string | undefined;
  /** An image's absolute address, `http` or `https`. */
  readonly poster: string | undefined;
  /** A secret. */
  readonly token: string | undefined;
};

const ON = ["", "1", "true", "yes", "on"];
const OFF = ["0", "false", "no", "off"];

const LATENCY = /^(instant|low|balanced|smooth|[0-9]{1,5})$/;
const TRANSPORT = /^(auto|websocket|hls)$/;
const ENGINE = /^(auto|mse|webcodecs)$/;
const LANGUAGE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/;

/**
 * Reads the query of `/embed/APP/NAME` and `/watch/APP/NAME`. What cannot be read is as if it was not
 * there: a page that plays is better than one that scolds.
 *
 * @param defaults what is so where the query says nothing
 */
export function readPlayerSwitches(
  query: URLSearchParams,
  defaults: { readonly autoplay: boolean; readonly controls: boolean },
): PlayerSwitches {
  const one = (name: string, pattern: RegExp) => {
    const value = query.get(name);
    return value !== null && pattern.test(value) ? value : undefined;
  };
  const isOn = (name: string, otherwise: boolean) => {
    const value = query.get(name)?.toLowerCase();
    if (value === undefined) return otherwise;
    return ON.includes(value) || (otherwise && !OFF.includes(value));
  };
  const autoplay = one("autoplay", /^(any|muted)$/) ?? isOn("autoplay", defaults.autoplay);
  const token = query.get("token") ?? "";
  return {
    autoplay,
    muted: isOn("muted", false),
    controls: isOn("controls", defaults.controls),
    stats: isOn("stats", false),
    latency: one("latency", LATENCY),
    transport: one("transport", TRANSPORT),
    engine: one("engine", ENGINE),
    lang: one("lang", LANGUAGE),
    poster: readImage(query.get("poster") ?? ""),
    token: token !== "" && token.length <= LIMITS.viewerToken ? token : undefined,
  };
}

function readImage(address: string): string | undefined {
  if (address.length > LIMITS.posterUrl || !URL.canParse(address)) return undefined;
  const { protocol, host, username, password, href } = new URL(address);
  const isPlain = (protocol === "https:" || protocol === "http:") && username + password === "";
  // Its origin goes into a policy, where hosts that URLs may have (`a;b`) would be directives.
  return isPlain && /^[\w.:[\]-]+$/.test(host) ? href : undefined;
}
