import { type Client, whereOf } from "./client.ts";
import type { Kind } from "./media-rules.ts";
import type { Answer } from "./origin.ts";

/**
 * Asks for one file in every way that HTTP has: conditions, ranges, HEAD; and for one that is not
 * there.
 */
export async function probeFile(
  client: Client,
  url: string,
  { type, kind }: { type: "init" | "segment" | "part"; kind: Kind },
): Promise<void> {
  const where = whereOf(url);
  const { say } = client.report;
  client.report.saw("probes");
  const whole = await client.ask(url);
  if (whole.status !== 200) return say("available", where, `answered ${whole.status}`);
  client.judge(whole, { type, kind }, where);
  const { body } = whole;

  const { etag } = whole.headers;
  if (etag === undefined || !/^(W\/)?"[^"]+"$/.test(etag)) say("etag", where, `ETag: ${etag}`);
  else {
    const same = await client.ask(url, { headers: { "if-none-match": etag } });
    const isSame = same.status === 304 && same.body.length === 0 && same.headers["etag"] === etag;
    if (!isSame) {
      const got = `${same.status}, ${same.body.length} bytes, ETag ${same.headers["etag"]}`;
      say("etag", where, `If-None-Match of the same: ${got}`);
    }
    const other = await client.ask(url, { headers: { "if-none-match": '"another"' } });
    if (other.status !== 200) say("etag", where, `If-None-Match of another: ${other.status}`);
  }

  const ranges: readonly (readonly [string, number, number])[] = [
    ["bytes=3-10", 3, Math.min(11, body.length)],
    ["bytes=5-", 5, body.length],
    ["bytes=-4", body.length - 4, body.length],
    [`bytes=2-${body.length + 1000}`, 2, body.length],
  ];
  for (const [range, start, end] of ranges) {
    const part = await client.ask(url, { headers: { range } });
    const told = `bytes ${start}-${end - 1}/${body.length}`;
    const isThat =
      part.status === 206 &&
      part.headers["content-range"] === told &&
      Buffer.from(body.subarray(start, end)).equals(part.body);
    if (!isThat) {
      const got = `${part.status}, ${part.headers["content-range"]}, ${part.body.length} bytes`;
      say("range", where, `${range}: ${got} instead of 206, ${told}`);
    } else client.judge(part, { type, kind }, where);
  }
  if (whole.headers["accept-ranges"] !== "bytes") {
    say("range", where, `Accept-Ranges: ${whole.headers["accept-ranges"]}`);
  }
  const behind = await client.ask(url, { headers: { range: `bytes=${body.length}-` } });
  if (behind.status !== 416 || behind.headers["content-range"] !== `bytes */${body.length}`) {
    const got = `${behind.status}, Content-Range: ${behind.headers["content-range"]}`;
    say("range-unsatisfiable", where, got);
  }
  await probeHead(client, url, whole, Object.keys(whole.headers));
  await probeMissing(client, url);
}

/** Connections and moments differ. */
const OWN = ["date", "age", "connection", "keep-alive", "transfer-encoding"];

/** HEAD tells the same as GET in `names`. */
export async function probeHead(
  client: Client,
  url: string,
  whole: Answer,
  names: readonly string[],
): Promise<void> {
  const { say } = client.report;
  const headers = { "accept-encoding": "identity" };
  const head = await client.ask(url, { method: "HEAD", headers });
  if (head.body.length > 0) say("head", whereOf(url), `${head.body.length} bytes`);
  if (head.status !== whole.status) say("head", whereOf(url), `${head.status}`);
  for (const name of names) {
    if (OWN.includes(name) || head.headers[name] === whole.headers[name]) continue;
    say("head", whereOf(url), `${name}: ${head.headers[name]} instead of ${whole.headers[name]}`);
  }
}

/** A name like this one, with numbers that nobody gave yet. */
export const absent = (url: string): string =>
  url.replace(/(\d+)(?=\.\w+$)/, (digits) => String(Number(digits) + 900_000));

async function probeMissing(client: Client, url: string): Promise<void> {
  const missing = absent(url);
  if (missing === url) return;
  const answer = await client.ask(missing);
  if (answer.status !== 404) client.report.say("not-found", whereOf(missing), `${answer.status}`);
  client.judge(answer, { type: "refusal", of: "file" }, whereOf(missing));
}

/** What a browser asks before it reads another site's answers, and what is not for asking. */
export async function probeMethods(client: Client, url: string): Promise<void> {
  const { say } = client.report;
  client.report.saw("probes");
  const preflight = await client.ask(url, {
    method: "OPTIONS",
    headers: {
      origin: "https://elsewhere.example",
      "access-control-request-method": "GET",
      "access-control-request-headers": "range",
    },
  });
  const { status, headers } = preflight;
  const allows =
    (status === 200 || status === 204) &&
    headers["access-control-allow-origin"] === "*" &&
    /\bGET\b|\*/.test(headers["access-control-allow-methods"] ?? "") &&
    /\brange\b|\*/i.test(headers["access-control-allow-headers"] ?? "");
  if (!allows) {
    const told = Object.entries(headers).filter(([name]) => name.startsWith("access-control"));
    say("preflight", whereOf(url), `${status}, ${told.map((pair) => pair.join(": ")).join(", ")}`);
  }
  const post = await client.ask(url, { method: "POST" });
  if (post.status !== 405 || !/\bGET\b/.test(post.headers["allow"] ?? "")) {
    say("method", whereOf(url), `POST: ${post.status}, Allow: ${post.headers["allow"]}`);
  }
}
