import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { encodeAmf0 } from "../../server/protocol/amf0/encode.ts";
import type { Amf0Object } from "../../server/protocol/amf0/value.ts";
import { ChunkDecoder } from "../../server/protocol/rtmp/chunk-decoder.ts";
import { encodeWhole } from "../../server/protocol/rtmp/chunk-encoder.ts";
import { MessageType } from "../../server/protocol/rtmp/message.ts";

/** An RTMP server that takes nobody, and says so with these members besides: `ex: { redirect }`. */
export async function refusingServer(members: () => Amf0Object) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    const decoder = new ChunkDecoder();
    let seen = 0;
    socket.on("data", (bytes) => {
      const before = seen;
      seen += bytes.length;
      if (before < 1537 && seen >= 1537) {
        socket.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(3072)]));
      }
      const chunks = bytes.subarray(Math.max(0, 3073 - before));
      for (const { typeId } of decoder.push(chunks)) {
        if (typeId !== MessageType.CommandAmf0) continue;
        const payload = encodeAmf0("_error", 1, null, {
          ...{ level: "error", code: "NetConnection.Connect.Rejected" },
          ...{ description: "[ Server.Reject ] : Connection redirected.", ...members() },
        });
        const fields = { chunkStreamId: 3, timestamp: 0, typeId, messageStreamId: 0, payload };
        socket.end(encodeWhole(fields, 128));
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    rtmpUrl: (path: string) => `rtmp://127.0.0.1:${port}/${path}`,
    close: () => void server.close(),
  };
}
