import express from "express";
import { z } from "zod";
import { LIMITS } from "../../protocol/limits.ts";

/** Who publishes a stream over RTMP, and whether it was asked to come on another connection. */
export type AskedPublisher = {
  readonly address: string;
  readonly transport: string;
  /** The client's name for itself. */
  readonly name: string;
  readonly asked: boolean;
};

/** Asks who publishes a stream; nobody does where the answer is empty. */
export type RequestReconnect = (
  streamPath: string,
  tcUrl: string | undefined,
) => readonly AskedPublisher[];

/** What may be sent: nothing, or where to. */
export const reconnectRequestSchema: z.ZodType<{ readonly tcUrl?: string | undefined }> =
  z.strictObject({
    tcUrl: z
      .string()
      .max(LIMITS.streamPath + LIMITS.streamQuery)
      .regex(/^(rtmp(s|t|ts|e|te)?:\/\/[^/?#\s]+|\/\/[^/?#\s]+|)\/\S+$/i)
      .optional()
      .describe(
        "where the encoder is to connect: rtmp://HOST/APP, //HOST/APP or /APP; absent: where it came",
      ),
  });

/** The answer. */
export const reconnectAnswerSchema: z.ZodType<{ readonly publishers: readonly AskedPublisher[] }> =
  z.strictObject({
    publishers: z.array(
      z.strictObject({
        address: z.string(),
        transport: z.string().describe("rtmp, rtmps, rtmpt, rtmpts, rtmpe, rtmpte"),
        name: z.string().describe("the client's name for itself"),
        asked: z
          .boolean()
          .describe("false: its capabilities say nothing of reconnecting (capsEx), as of most"),
      }),
    ),
  });

/** What the route needs of the rest of the API. */
export type ReconnectRoute = {
  readonly request: RequestReconnect;
  /** Somebody at this very machine, on a page of our own or without one. */
  readonly isLocal: (request: express.Request) => boolean;
  readonly fail: (
    response: express.Response,
    status: number,
    code: string,
    message: string,
  ) => void;
};

/** `POST /streams/APP/NAME/reconnect`: for nobody but who is at this machine. */
export function reconnectRoute({ request: ask, isLocal, fail }: ReconnectRoute): express.Router {
  const router = express.Router();
  const path = "/streams/*path/reconnect";
  router.post(
    path,
    (request, response, next) => {
      response.set("Cache-Control", "no-store");
      if (isLocal(request)) next();
      else fail(response, 403, "FORBIDDEN", "This is done for the server's own machine only");
    },
    express.json({ limit: LIMITS.apiRequest }),
    (request, response) => {
      const read = reconnectRequestSchema.safeParse(request.body ?? {});
      if (!read.success) {
        const message = "tcUrl must be rtmp://HOST/APP, //HOST/APP or /APP, and stand alone";
        fail(response, 400, "BAD_REQUEST", message);
        return;
      }
      const { path: parts } = request.params;
      const streamPath = Array.isArray(parts) ? parts.join("/") : (parts ?? "");
      const publishers = ask(streamPath, read.data.tcUrl);
      if (publishers.length > 0) response.json({ publishers });
      else fail(response, 404, "NOT_FOUND", "Nobody publishes this stream over RTMP");
    },
  );
  router.all(path, (_request, response) => {
    response.set("Allow", "POST");
    fail(response, 405, "METHOD_NOT_ALLOWED", "Only POST is answered here");
  });
  router.use(((_error: unknown, _request, response, _next) => {
    fail(response, 400, "BAD_REQUEST", "The body cannot be read");
  }) satisfies express.ErrorRequestHandler);
  return router;
}
