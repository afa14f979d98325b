import express from "express";
import { LIMITS } from "../../protocol/limits.ts";
import {
  type ListedRelay,
  type RelayRequest,
  relayAnswer,
  relayRequestSchema,
} from "./relay-list.ts";

/** Why there is no such relay; one line for people, without anything that may be secret. */
export type RelayRefusal = {
  readonly refused: "invalid" | "too-many";
  readonly description: string;
};

/** What the API does with relays. */
export type RelayControl = {
  list(): readonly ListedRelay[];
  create(request: RelayRequest): ListedRelay | RelayRefusal;
  /** @returns whether there was one */
  delete(id: string): boolean;
};

/** What the routes need of the rest of the API. */
export type RelayRoutes = {
  readonly relays: RelayControl;
  /** Somebody at this very machine, on a page of our own or without one. */
  readonly isLocal: (request: express.Request) => boolean;
  readonly fail: (
    response: express.Response,
    status: number,
    code: string,
    message: string,
  ) => void;
};

/**
 * Relays, seen and changed by nobody but who is at this machine, as long as there is nobody else who
 * could be trusted: there are no tokens yet.
 */
export function relayRoutes({ relays, isLocal, fail }: RelayRoutes): express.Router {
  const router = express.Router();
  router.use((request, response, next) => {
    response.set("Cache-Control", "no-store");
    if (isLocal(request)) next();
    else fail(response, 403, "FORBIDDEN", "Relays are told to the server's own machine only");
  });
  router.get("/", (_request, response) => {
    response.json({ relays: relays.list().map(relayAnswer) });
  });
  router.post(
    "/",
    (request, response, next) => {
      // A form of another page cannot send this type.
      if (request.is("application/json") !== false) next();
      else fail(response, 415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json");
    },
    express.json({ limit: LIMITS.relayRequest }),
    (request, response) => {
      const read = relayRequestSchema.safeParse(request.body);
      if (!read.success) {
        const where = read.error.issues[0]?.path.join(".") || "The body";
        fail(response, 400, "RELAY_INVALID", `${where} cannot be read; see openapi.json`);
        return;
      }
      const made = relays.create(read.data);
      if (!("refused" in made)) {
        response.status(201).json(relayAnswer(made));
        return;
      }
      const isInvalid = made.refused === "invalid";
      const code = isInvalid ? "RELAY_INVALID" : "TOO_MANY_RELAYS";
      fail(response, isInvalid ? 400 : 503, code, made.description);
    },
  );
  router.delete("/:id", (request, response) => {
    if (relays.delete(request.params.id)) response.status(204).end();
    else fail(response, 404, "NOT_FOUND", "There is no such relay");
  });
  router.all(["/", "/:id"], (request, response) => {
    response.set("Allow", request.params["id"] === undefined ? "GET, HEAD, POST" : "DELETE");
    fail(response, 405, "METHOD_NOT_ALLOWED", "This is not answered here");
  });
  router.use(((error: unknown, _request, response, _next) => {
    const isTooLarge = error instanceof Error && "status" in error && error.status === 413;
    if (isTooLarge) {
      const message = `The body may have ${LIMITS.relayRequest} bytes`;
      fail(response, 413, "TOO_LARGE", message);
    } else {
      fail(response, 400, "BAD_REQUEST", "The body cannot be read");
    }
  }) satisfies express.ErrorRequestHandler);
  return router;
}
