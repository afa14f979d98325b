import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type Server,
} from "node:http";
import type { AddressInfo } from "node:net";
import { HlsEndpoint, type HlsLimits, type HlsStreams } from "../../server/endpoint/hls/handler.ts";
import type { ManualClock } from "./manual-clock.ts";

/** Bounds for a test: small, so that they can be reached. */
export const HLS_LIMITS: HlsLimits = {
  targetDuration: 10_000,
  heldRequests: 3,
  heldPerConnection: 8,
  holdTime: 15_000,
  endedTime: 60_000,
  endedStreams: 2,
  silence: 10_000,
  responseTime: 120_000,
  viewers: 100,
  viewerTime: 20_000,
};

/** An answer; nothing is decoded on the way. */
export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
};

/** What a test asks with. */
export type Asking = {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly streamPath?: string;
};

/** The handler behind a real HTTP server. */
export class HlsStage {
  readonly hls: HlsEndpoint;
  readonly server: Server;

  private constructor(hls: HlsEndpoint) {
    this.hls = hls;
    this.server = createServer((request, response) => hls.handle(request, response));
  }

  static async open(
    hub: HlsStreams,
    clock: ManualClock,
    limits: Partial<HlsLimits> = {},
  ): Promise<HlsStage> {
    const stage = new HlsStage(
      new HlsEndpoint({ hub, clock, limits: { ...HLS_LIMITS, ...limits } }),
    );
    stage.server.listen(0, "127.0.0.1");
    await once(stage.server, "listening");
    return stage;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Asks, on a connection of its own, and waits for the whole answer. */
  async get(
    resource: string,
    { method = "GET", headers = {}, streamPath = "live/demo" }: Asking = {},
  ): Promise<Answer> {
    const path = `/streams/${streamPath}/${resource}`;
    const { port } = this;
    const request = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false });
    request.end();
    const [response] = await once(request, "response");
    const pieces: Buffer[] = [];
    for await (const piece of response) pieces.push(piece);
    const body = Buffer.concat(pieces);
    return { status: response.statusCode, headers: response.headers, body, text: body.toString() };
  }

  /** Waits until so many requests are held. */
  async untilHeld(count: number): Promise<void> {
    while (this.hls.held !== count) await new Promise((resolve) => setImmediate(resolve));
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
