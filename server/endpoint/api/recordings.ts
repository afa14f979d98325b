import express from "express";
import { LIMITS } from "../../protocol/limits.ts";
import type { RecordingList } from "../../protocol/wire/recording-list.ts";
import type { RecordingManifest } from "../../store/recording-manifest.ts";
import { listedRecording, recordingRequestSchema } from "./recording-list.ts";

/** Why a stream is not recorded; one line for people. */
export type RecordingStartRefusal = {
  readonly refused: "not-live" | "already" | "too-many" | "disk";
  readonly description: string;
};

/** What the API does with recordings. */
export type RecordingControl = {
  /** The newest first. */
  list(): readonly RecordingManifest[];
  find(id: string): RecordingManifest | undefined;
  start(streamPath: string): RecordingManifest | RecordingStartRefusal;
  /** @returns what it became; undefined where none of this name is being made */
  stop(id: string): Promise<RecordingManifest | undefined>;
  delete(id: string): Promise<"deleted" | "unknown" | "active">;
};

/** What the routes need of the rest of the API. */
export type RecordingRoutes = {
  readonly recordings: RecordingControl;
  /** Whether this one may watch what was recorded of a stream: of others he is not told. */
  readonly mayWatch: (request: express.Request, streamPath: string) => boolean;
  /** Somebody at this very machine, on a page of our own or without one. */
  readonly isLocal: (request: express.Request) => boolean;
  readonly fail: (
    response: express.Response,
    status: number,
    code: string,
    message: string,
  ) => void;
};

const REFUSALS = {
  "not-live": [404, "NOT_FOUND"],
  already: [409, "ALREADY_RECORDED"],
  "too-many": [503, "TOO_MANY_RECORDINGS"],
  disk: [503, "TOO_MANY_RECORDINGS"],
} as const;

/**
 * Recordings: told to everybody who may watch their streams; started, stopped and deleted by nobody but
 * who is at this machine.
 */
export function recordingRoutes(routes: RecordingRoutes): express.Router {
  const { recordings, mayWatch, isLocal, fail } = routes;
  const router = express.Router();
  router.use((request, response, next) => {
    response.set("Cache-Control", "no-store");
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (isRead && !isLocal(request)) response.set("Access-Control-Allow-Origin", "*");
    if (isRead || isLocal(request)) next();
    else fail(response, 403, "FORBIDDEN", "This is done for the server's own machine only");
  });
  router.get("/", (request, response) => {
    const query = new URLSearchParams(request.url.split("?")[1] ?? "");
    const limit = readLimit(query.get("limit"));
    if (limit === undefined) {
      const message = `limit: a whole number from 1 to ${LIMITS.recordingsListed}`;
      fail(response, 400, "BAD_REQUEST", message);
      return;
    }
    const [before, streamPath] = [query.get("before"), query.get("streamPath")];
    const all = recordings.list();
    const after = before === null ? -1 : all.findIndex(({ id }) => id === before);
    const wanted = all
      .slice(before !== null && after < 0 ? all.length : after + 1)
      .filter((one) => streamPath === null || one.streamPath === streamPath)
      .filter((one) => mayWatch(request, one.streamPath));
    const listed = wanted.slice(0, limit).map(listedRecording);
    const answer: RecordingList = {
      recordings: listed,
      next: wanted.length > limit ? (listed.at(-1)?.id ?? null) : null,
      mayChange: isLocal(request),
    };
    response.json(answer);
  });
  router.get("/:id", (request, response) => {
    const manifest = recordings.find(request.params.id);
    if (manifest === undefined || !mayWatch(request, manifest.streamPath)) {
      fail(response, 404, "NOT_FOUND", "There is no such recording");
    } else response.json(listedRecording(manifest));
  });
  router.post(
    "/",
    (request, response, next) => {
      // A form of another page cannot send this type.
      if (request.is("application/json") !== false) next();
      else fail(response, 415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json");
    },
    express.json({ limit: LIMITS.apiRequest }),
    (request, response) => {
      const read = recordingRequestSchema.safeParse(request.body);
      if (!read.success) {
        fail(response, 400, "BAD_REQUEST", "The body cannot be read; see openapi.json");
        return;
      }
      const begun = recordings.start(read.data.streamPath);
      if (!("refused" in begun)) {
        response.status(201).json(listedRecording(begun));
        return;
      }
      const [status, code] = REFUSALS[begun.refused];
      fail(response, status, code, begun.description);
    },
  );
  router.post("/:id/stop", async (request, response) => {
    const stopped = await recordings.stop(request.params.id);
    if (stopped === undefined) fail(response, 404, "NOT_FOUND", "No such recording is being made");
    else response.json(listedRecording(stopped));
  });
  router.delete("/:id", async (request, response) => {
    switch (await recordings.delete(request.params.id)) {
      case "deleted":
        response.status(204).end();
        return;
      case "unknown":
        fail(response, 404, "NOT_FOUND", "There is no such recording");
        return;
      case "active":
        fail(response, 409, "RECORDING_ACTIVE", "It is still being made: stop it first");
    }
  });
  router.all(["/", "/:id", "/:id/stop"], (request, response) => {
    const isOne = request.params["id"] !== undefined;
    const isStop = request.path.endsWith("/stop");
    response.set("Allow", isStop ? "POST" : isOne ? "GET, HEAD, DELETE" : "GET, HEAD, POST");
    fail(response, 405, "METHOD_NOT_ALLOWED", "This is not answered here");
  });
  router.use(((error: unknown, _request, response, _next) => {
    const isTooLarge = error instanceof Error && "status" in error && error.status === 413;
    const message = isTooLarge
      ? `The body may have ${LIMITS.apiRequest} bytes`
      : "The body cannot be read";
    fail(response, isTooLarge ? 413 : 400, isTooLarge ? "TOO_LARGE" : "BAD_REQUEST", message);
  }) satisfies express.ErrorRequestHandler);
  return router;
}

function readLimit(text: string | null): number | undefined {
  if (text === null) return LIMITS.recordingsListed;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= LIMITS.recordingsListed ? limit : undefined;
}
