/*
 * Who sits at this very machine. A proxy in front of us connects from the loopback address too, on
 * behalf of anybody, so what it adds to a request counts against it.
 */

/** Request headers, lower case names, as Node gives them. */
export type Headers = { readonly [name: string]: string | readonly string[] | undefined };

/** What proxies add, each its own. */
const FORWARDING_HEADER =
  /^(forwarded|via|x-forwarded(-.*)?|x-real-ip|x-client-ip|x-cluster-client-ip|x-original-.*|true-client-ip|cf-.*|fastly-client-ip|fly-client-ip|x-envoy-.*|x-amzn-.*)$/;

/**
 * Whether a peer speaks to us from this machine with nothing between.
 *
 * @param address as the socket gives it; undefined once it is gone
 * @param headers of its request, where it speaks HTTP
 */
export function isDirectLoopback(address: string | undefined, headers: Headers = {}): boolean {
  if (address === undefined || !isLoopbackAddress(address)) return false;
  return !Object.keys(headers).some((name) => FORWARDING_HEADER.test(name.toLowerCase()));
}

/** 127.0.0.0/8 and ::1, also written as IPv4 in IPv6. */
export function isLoopbackAddress(address: string): boolean {
  const bare = address.replace(/^::ffff:/i, "").replace(/%.*$/, "");
  return bare === "::1" || /^127(\.\d{1,3}){3}$/.test(bare);
}

/**
 * Whether a `Host` header names this machine as itself. A page from elsewhere that lets its own
 * name point to 127.0.0.1 keeps its name here.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  if (host === undefined) return false;
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(:\d{1,5})?$/i.exec(host);
  const name = match?.[1]?.toLowerCase();
  if (name === undefined) return false;
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return isLoopbackAddress(name.replace(/^\[|\]$/g, ""));
}

/**
 * Whether a browser asks on behalf of a page of our own, or somebody who is no browser does.
 *
 * @see Fetch Metadata; WHATWG Fetch §3.1 for when `Origin` is sent
 */
export function isSameOrigin(headers: Headers): boolean {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  if (origin === undefined) return true;
  if (typeof origin !== "string" || typeof host !== "string") return false;
  return origin.replace(/^https?:\/\//, "").toLowerCase() === host.toLowerCase();
}
