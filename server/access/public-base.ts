/** Of a request, what tells how its sender reaches us. */
export type BaseRequest = {
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  readonly socket: object;
};

/** The headers that `publicBase` looks at: for `Vary`. */
export const BASE_HEADERS = "X-Forwarded-Host, X-Forwarded-Proto, X-Forwarded-Prefix";

const HOST = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9.])?)(:\d{1,5})?$/i;
const PREFIX = /^(\/[A-Za-z0-9._~%-]{1,100}){0,10}\/?$/;

/**
 * The address below which all of ours lies for who asks: what links need that leave the page, such as
 * those for a chat or a feed. Behind a proxy it is told by `X-Forwarded-Host`, `X-Forwarded-Proto` and
 * `X-Forwarded-Prefix`, the first value of each. Anybody can write these headers: what comes of them is for
 * the eyes of who wrote them, and never kept for others.
 *
 * @returns ends in a slash; undefined where no host is named, or none that can be
 */
export function publicBase({ headers, socket }: BaseRequest): URL | undefined {
  const host = first(headers["x-forwarded-host"]) ?? first(headers["host"]);
  if (host === undefined || !HOST.test(host)) return undefined;
  const told = first(headers["x-forwarded-proto"])?.toLowerCase();
  const own = "encrypted" in socket && socket.encrypted === true ? "https" : "http";
  const scheme = told === "https" || told === "http" ? told : own;
  const prefix = first(headers["x-forwarded-prefix"]) ?? "";
  const path = PREFIX.test(prefix) ? prefix.replace(/\/$/, "") : "";
  const base = `${scheme}://${host}${path}/`;
  return URL.canParse(base) ? new URL(base) : undefined;
}

function first(header: string | readonly string[] | undefined): string | undefined {
  const value = typeof header === "string" ? header : header?.[0];
  const one = value?.split(",", 1)[0]?.trim();
  return one === "" ? undefined : one;
}

/** A stream's path as it stands in addresses. */
export const encodePath = (streamPath: string): string =>
  streamPath.split("/").map(encodeURIComponent).join("/");
