import { z } from "zod";
import { streamHealthSchema } from "./health.ts";
import { oembedSchema } from "./oembed.ts";
import { reconnectAnswerSchema, reconnectRequestSchema } from "./reconnect.ts";
import { recordingListSchema, recordingRequestSchema, recordingSchema } from "./recording-list.ts";
import { relayListSchema, relayRequestSchema, relaySchema } from "./relay-list.ts";
import { streamListSchema } from "./stream-list.ts";

/** The description of the API (OpenAPI 3.1); its shapes are those that the answers are made of. */
export function openApiDescription(version: string): { readonly [name: string]: unknown } {
  const schema = (of: z.ZodType) => {
    const { $schema: _dialect, ...description } = z.toJSONSchema(of);
    return description;
  };
  const error = {
    type: "object",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["code", "message"],
        properties: {
          code: { type: "string", description: "stable" },
          message: { type: "string", description: "for people" },
        },
      },
    },
  };
  const json = (name: string) => ({
    "application/json": { schema: { $ref: `#/components/schemas/${name}` } },
  });
  const failure = (description: string) => ({ description, content: json("Error") });
  const id = { name: "id", in: "path", required: true, schema: { type: "string" } };
  const streamPath = {
    name: "path",
    in: "path",
    required: true,
    schema: { type: "string" },
    description: "APP/NAME, with its slashes as they are",
  };
  const query = (name: string, schema: object, description: string) => ({
    ...{ name, in: "query", required: false, schema, description },
  });
  return {
    openapi: "3.1.0",
    info: {
      title: "Sluice",
      version,
      description:
        "Live streams of this server. Paths are relative to where the server's pages lie.",
    },
    servers: [{ url: "../../" }],
    paths: {
      "/api/v1/streams": {
        get: {
          operationId: "listStreams",
          summary: "Live streams, their tracks and viewers",
          responses: { 200: { description: "All of them", content: json("StreamList") } },
        },
      },
      "/api/v1/streams/{path}/health": {
        get: {
          operationId: "streamHealth",
          summary: "How well a stream comes: figures by track and by the second, and what is amiss",
          description: "Measured where it arrives. Nothing in it is a secret.",
          parameters: [streamPath],
          responses: {
            200: { description: "As of the last full second", content: json("StreamHealth") },
            404: failure("Nobody publishes it (`NOT_FOUND`)"),
          },
        },
      },
      "/api/v1/events": {
        get: {
          operationId: "streamEvents",
          summary: "The same list as server-sent events",
          description:
            "An event `streams` with the list as its data, at once and then at most each second when it has changed; a comment each 15 s otherwise.",
          responses: {
            200: {
              description: "Until the client leaves",
              content: { "text/event-stream": { schema: { type: "string" } } },
            },
            503: failure("Too many listen already (`TOO_MANY_LISTENERS`)"),
          },
        },
      },
      "/api/v1/oembed": {
        get: {
          operationId: "oembed",
          summary: "How a page of this server is shown in another one: oEmbed 1.0",
          description:
            "Pages under /watch name this address for themselves. Switches of the page's query go on to the player, a token does not.",
          parameters: [
            {
              name: "url",
              in: "query",
              required: true,
              schema: { type: "string", format: "uri" },
              description: "a page under /watch or /embed, as others reach it",
            },
            query("maxwidth", { type: "integer", minimum: 1 }, "CSS pixels"),
            query("maxheight", { type: "integer", minimum: 1 }, "CSS pixels"),
            query("format", { type: "string", enum: ["json"] }, "there is no other"),
          ],
          responses: {
            200: { description: "A player in an iframe", content: json("OEmbed") },
            400: failure("A parameter cannot be read (`BAD_REQUEST`)"),
            401: failure("The stream is not for everybody (`UNAUTHORIZED`)"),
            404: failure("It is no page of a stream of this server (`NOT_FOUND`)"),
            501: failure("Another format is asked for (`NOT_IMPLEMENTED`)"),
          },
        },
      },
      "/api/v1/streams/{path}/reconnect": {
        post: {
          operationId: "requestReconnect",
          summary: "Asks who publishes a stream to come on another connection",
          description:
            "By Enhanced RTMP's reconnect request, to encoders that know it; viewers notice nothing. Answered only to who asks from the server's own machine, directly, without an `Origin` or with this server's.",
          parameters: [streamPath],
          requestBody: { required: false, content: json("ReconnectRequest") },
          responses: {
            200: { description: "Who was asked", content: json("ReconnectAnswer") },
            400: failure("The body cannot be read (`BAD_REQUEST`)"),
            403: failure("Somebody else asks (`FORBIDDEN`)"),
            404: failure("Nobody publishes it over RTMP (`NOT_FOUND`)"),
          },
        },
      },
      "/api/v1/relays": {
        get: {
          operationId: "listRelays",
          summary: "Relays and where they stand",
          description: LOCAL_ONLY,
          responses: {
            200: { description: "All of them", content: json("RelayList") },
            403: failure("Somebody else asks (`FORBIDDEN`)"),
          },
        },
        post: {
          operationId: "createRelay",
          summary: "Begins a relay; it does not outlive the server",
          description: LOCAL_ONLY,
          requestBody: { required: true, content: json("RelayRequest") },
          responses: {
            201: { description: "It begins", content: json("Relay") },
            400: failure("It cannot be (`RELAY_INVALID`, `BAD_REQUEST`)"),
            403: failure("Somebody else asks (`FORBIDDEN`)"),
            413: failure("The body is too large (`TOO_LARGE`)"),
            415: failure("The body is not `application/json` (`UNSUPPORTED_MEDIA_TYPE`)"),
            503: failure("There are too many (`TOO_MANY_RELAYS`)"),
          },
        },
      },
      "/api/v1/relays/{id}": {
        delete: {
          operationId: "deleteRelay",
          summary: "Ends a relay, in order",
          description: LOCAL_ONLY,
          parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
          responses: {
            204: { description: "It has ended" },
            403: failure("Somebody else asks (`FORBIDDEN`)"),
            404: failure("There is no such relay (`NOT_FOUND`)"),
          },
        },
      },
      "/api/v1/recordings": {
        get: {
          operationId: "listRecordings",
          summary: "Recordings, the newest first",
          description: "Of streams that who asks may watch.",
          parameters: [
            query("limit", { type: "integer", minimum: 1 }, "how many at most"),
            query("before", { type: "string" }, "older ones than this: `next` of an answer"),
            query("streamPath", { type: "string" }, "only those of this stream: APP/NAME"),
          ],
          responses: {
            200: { description: "Some of them", content: json("RecordingList") },
            400: failure("A parameter cannot be read (`BAD_REQUEST`)"),
          },
        },
        post: {
          operationId: "startRecording",
          summary: "Records a live stream, from its newest key frame until it ends or is stopped",
          description: LOCAL_ONLY,
          requestBody: { required: true, content: json("RecordingRequest") },
          responses: {
            201: { description: "It begins", content: json("Recording") },
            400: failure("The body cannot be read (`BAD_REQUEST`)"),
            403: failure("Somebody else asks (`FORBIDDEN`)"),
            404: failure("Nobody publishes it (`NOT_FOUND`)"),
            409: failure("It is being recorded already (`ALREADY_RECORDED`)"),
            415: failure("The body is not `application/json` (`UNSUPPORTED_MEDIA_TYPE`)"),
            503: failure("There are too many (`TOO_MANY_RECORDINGS`)"),
          },
        },
      },
      "/api/v1/recordings/{id}": {
        get: {
          operationId: "getRecording",
          summary: "One recording",
          parameters: [id],
          responses: {
            200: { description: "It", content: json("Recording") },
            404: failure("There is none, or it is not for who asks (`NOT_FOUND`)"),
          },
        },
        delete: {
          operationId: "deleteRecording",
          summary: "Deletes a recording with its file",
          description: LOCAL_ONLY,
          parameters: [id],
          responses: {
            204: { description: "It is gone" },
            403: failure("Somebody else asks (`FORBIDDEN`)"),
            404: failure("There is no such recording (`NOT_FOUND`)"),
            409: failure("It is being made: stop it first (`RECORDING_ACTIVE`)"),
          },
        },
      },
      "/api/v1/recordings/{id}/stop": {
        post: {
          operationId: "stopRecording",
          summary: "Ends a recording; its stream is not recorded again in this broadcast",
          description: LOCAL_ONLY,
          parameters: [id],
          responses: {
            200: { description: "Its file is complete", content: json("Recording") },
            403: failure("Somebody else asks (`FORBIDDEN`)"),
            404: failure("No such recording is being made (`NOT_FOUND`)"),
          },
        },
      },
      "/api/v1/openapi.json": {
        get: {
          operationId: "describe",
          summary: "This description",
          responses: {
            200: {
              description: "OpenAPI 3.1",
              content: { "application/json": { schema: { type: "object" } } },
            },
          },
        },
      },
    },
    components: {
      schemas: {
        StreamList: schema(streamListSchema),
        StreamHealth: schema(streamHealthSchema),
        ReconnectRequest: schema(reconnectRequestSchema),
        ReconnectAnswer: schema(reconnectAnswerSchema),
        RelayList: schema(relayListSchema),
        Relay: schema(relaySchema),
        RelayRequest: schema(relayRequestSchema),
        RecordingList: schema(recordingListSchema),
        Recording: schema(recordingSchema),
        RecordingRequest: schema(recordingRequestSchema),
        OEmbed: schema(oembedSchema),
        Error: error,
      },
    },
  };
}

const LOCAL_ONLY =
  "Answered only to who asks from the server's own machine, directly, without an `Origin` or with this server's.";
