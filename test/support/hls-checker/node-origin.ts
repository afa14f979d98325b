import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Answer, Asked, CheckerClock, Origin } from "./origin.ts";

/** Real time. */
export const realClock: CheckerClock = {
  now: () => performance.now(),
  after: (delay, callback) => {
    const timer = setTimeout(callback, delay);
    return () => clearTimeout(timer);
  },
};

/** A server over HTTP/1.1: nothing is decoded, added or kept on the way. */
export function httpOrigin(): Origin & { close(): void } {
  const agent = new Agent({ keepAlive: true });
  const secureAgent = new HttpsAgent({ keepAlive: true, rejectUnauthorized: false });
  const ask = async (url: string, { method = "GET", headers = {}, signal }: Asked) => {
    const askedAt = performance.now();
    const isSecure = url.startsWith("https:");
    const options = { method, headers, ...(signal === undefined ? {} : { signal }) };
    const request = isSecure
      ? httpsRequest(url, { ...options, agent: secureAgent })
      : httpRequest(url, { ...options, agent });
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const pieces: Buffer[] = [];
    let firstByteAt: number | undefined;
    for await (const piece of response) {
      firstByteAt ??= performance.now();
      pieces.push(piece as Buffer);
    }
    const endedAt = performance.now();
    const { statusCode: status = 0 } = response;
    const told = flat(response.headers);
    const body = Uint8Array.from(Buffer.concat(pieces));
    const answer: Answer = {
      ...{ url, status, headers: told, body, askedAt },
      ...{ firstByteAt: firstByteAt ?? endedAt, endedAt },
    };
    return answer;
  };
  return {
    protocol: "http/1.1",
    request: async (url, asked = {}) => {
      try {
        return await ask(url, asked);
      } catch (error) {
        // A kept connection may be closed just when it is used again (RFC 9112 §9.3.1).
        const code = (error as NodeJS.ErrnoException).code;
        if (asked.signal?.aborted === true || code !== "ECONNRESET") throw error;
        return ask(url, asked);
      }
    },
    close: () => {
      agent.destroy();
      secureAgent.destroy();
    },
  };
}

/** A server over HTTP/2, one connection for all. @param authority `https://127.0.0.1:8443` */
export function http2Origin(authority: string): Origin & { close(): void } {
  const session: ClientHttp2Session = connect(authority, { rejectUnauthorized: false });
  session.on("error", () => {}); // requests tell
  const protocol = "h2";
  const request = async (url: string, { method = "GET", headers = {}, signal }: Asked = {}) => {
    const askedAt = performance.now();
    const { pathname, search } = new URL(url);
    const fields = { ":method": method, ":path": `${pathname}${search}`, ...headers };
    const stream = session.request(fields, signal === undefined ? {} : { signal });
    stream.end();
    const [received] = (await once(stream, "response")) as [Record<string, string | number>];
    const pieces: Buffer[] = [];
    let firstByteAt: number | undefined;
    for await (const piece of stream) {
      firstByteAt ??= performance.now();
      pieces.push(piece as Buffer);
    }
    const endedAt = performance.now();
    const body = Uint8Array.from(Buffer.concat(pieces));
    const status = Number(received[":status"]);
    const told = flat(received);
    return {
      ...{ url, status, headers: told, body, askedAt },
      ...{ firstByteAt: firstByteAt ?? endedAt, endedAt },
    };
  };
  return { protocol, request, close: () => session.destroy() };
}

function flat(headers: { readonly [name: string]: unknown }): Record<string, string> {
  const entries = Object.entries(headers).filter(([name]) => !name.startsWith(":"));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
