import { setTimeout as sleep } from "node:timers/promises";
import { Broadcast } from "./broadcast.ts";
import { answer } from "./helper.ts";

/** Publishes many broadcasts in real time, or tells how many bytes of media were sent so far. */
export type IngestRequest =
  | {
      readonly type: "publish";
      /** One for each broadcast. */
      readonly urls: readonly string[];
      readonly chunkSize: number;
      /** Of a tunnel: see `TunnelOptions`. */
      readonly piecesPerRequest: number;
    }
  | { readonly type: "count" }
  | { readonly type: "finish" };

let broadcasts: Broadcast[] = [];
let sent = 0;

answer<IngestRequest, number>(async (request) => {
  switch (request.type) {
    case "publish": {
      const { urls, chunkSize, piecesPerRequest } = request;
      for (const url of urls) {
        const broadcast = await Broadcast.open(url, {
          chunkSize,
          piecesPerRequest,
          beforeWrite: ({ bytes }) => {
            sent += bytes.length;
          },
        });
        broadcast.play();
        broadcasts.push(broadcast);
        await sleep(7); // their pictures shall not fall together
      }
      break;
    }
    case "finish":
      await Promise.all(broadcasts.map((broadcast) => broadcast.finish()));
      broadcasts = [];
      break;
    case "count":
  }
  return sent;
});
