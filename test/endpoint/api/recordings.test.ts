import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  recordingListSchema,
  recordingSchema,
} from "../../../server/endpoint/api/recording-list.ts";
import { recordingRoutes } from "../../../server/endpoint/api/recordings.ts";
import { sendError } from "../../../server/endpoint/api/router.ts";
import type { RecordingManifest } from "../../../server/store/recording-manifest.ts";

const manifest = (id: string, streamPath = "live/demo"): RecordingManifest => ({
  ...{ format: 1, server: "1.2.3", id, streamPath, state: "complete", reason: "ended" },
  ...{ startedAt: "2026-05-01T10:00:00.000Z", endedAt: "2026-05-01T11:00:00.000Z" },
  ...{ failure: null, headLength: 900, bytes: 4_000_000, duration: 3600, writer: null },
  begins: "2026-05-01T09:59:59.000Z",
  tracks: [
    {
      ...{ id: 1, mediaType: "video", index: 0, timescale: 90_000, name: "Video" },
      ...{ language: "und", codec: "avc1.64001f", width: 1440, height: 1080, displayWidth: 1920 },
    },
  ],
});

let server: Server;
let isLocal: boolean;
let all: RecordingManifest[];
let done: string[];

beforeEach(async () => {
  isLocal = true;
  done = [];
  all = ["c", "b", "s", "a"].map((id) => manifest(id, id === "s" ? "live/secret" : "live/demo"));
  const router = recordingRoutes({
    recordings: {
      list: () => all,
      find: (id) => all.find((one) => one.id === id),
      start: (streamPath) => {
        done.push(`start ${streamPath}`);
        if (streamPath === "live/demo") return manifest("new");
        const refused = streamPath === "live/on" ? "already" : "not-live";
        return { refused, description: "It is so" };
      },
      stop: async (id) => {
        done.push(`stop ${id}`);
        return all.find((one) => one.id === id);
      },
      delete: async (id) => {
        done.push(`delete ${id}`);
        if (id === "c") return "active";
        return all.some((one) => one.id === id) ? "deleted" : "unknown";
      },
    },
    mayWatch: (_request, streamPath) => streamPath !== "live/secret",
    isLocal: () => isLocal,
    fail: sendError,
  });
  server = createServer(express().set("query parser", false).use("/recordings", router));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function ask(path: string, method = "GET", body?: unknown, type = "application/json") {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/recordings${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": type } }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text && JSON.parse(text) };
}

const ids = (json: unknown) => recordingListSchema.parse(json).recordings.map(({ id }) => id);

test("Recordings are listed in pages, those that may be watched, and nothing of how they are kept", async () => {
  const first = await ask("?limit=2");
  expect(ids(first.json)).toEqual(["c", "b"]);
  expect(first.json).toMatchObject({ next: "b", mayChange: true });
  const second = await ask(`?limit=2&before=${first.json.next}`);
  expect(ids(second.json)).toEqual(["a"]);
  expect(second.json.next).toBeNull();
  expect(ids((await ask("?before=nothing")).json)).toEqual([]);
  expect(ids((await ask("?streamPath=live/other")).json)).toEqual([]);
  expect(JSON.stringify(first.json)).not.toMatch(/writer|headLength|timescale/);
  expect(recordingSchema.parse((await ask("/a")).json)).toMatchObject({ id: "a", duration: 3600 });
  expect((await ask("/s")).status).toBe(404);
  for (const limit of ["0", "x", "501", "1e9"]) {
    expect((await ask(`?limit=${limit}`)).status).toBe(400);
  }
});

test("Recordings are started, stopped and deleted", async () => {
  expect(await ask("", "POST", { streamPath: "live/demo" })).toMatchObject({
    ...{ status: 201, json: { id: "new" } },
  });
  expect(await ask("", "POST", { streamPath: "live/on" })).toMatchObject({
    ...{ status: 409, json: { error: { code: "ALREADY_RECORDED" } } },
  });
  expect((await ask("", "POST", { streamPath: "live/off" })).status).toBe(404);
  expect(await ask("/b/stop", "POST")).toMatchObject({ status: 200, json: { id: "b" } });
  expect((await ask("/x/stop", "POST")).status).toBe(404);
  expect((await ask("/b", "DELETE")).status).toBe(204);
  expect((await ask("/x", "DELETE")).status).toBe(404);
  expect(await ask("/c", "DELETE")).toMatchObject({
    ...{ status: 409, json: { error: { code: "RECORDING_ACTIVE" } } },
  });
});

test("Recordings are changed by nobody who is elsewhere", async () => {
  isLocal = false;
  for (const [path, method] of [
    ["", "POST"],
    ["/b/stop", "POST"],
    ["/b", "DELETE"],
  ]) {
    const answer = await ask(path ?? "", method, { streamPath: "live/demo" });
    expect(answer).toMatchObject({ status: 403, json: { error: { code: "FORBIDDEN" } } });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  }
  expect(done).toEqual([]);
  const list = await ask("");
  expect(list.json.mayChange).toBe(false);
  expect(list.headers.get("access-control-allow-origin")).toBe("*");
});

test.each([
  ["another type", "POST", "", { streamPath: "live/demo" }, "text/plain", 415],
  ["something else", "POST", "", { path: "live/demo" }, undefined, 400],
  ["too much", "POST", "", { streamPath: "a".repeat(20_000) }, undefined, 413],
  ["another method", "PUT", "", {}, undefined, 405],
  ["another method of one", "POST", "/b", {}, undefined, 405],
])("Recordings refuse %s", async (_name, method, path, body, type, status) => {
  expect((await ask(path, method, body, type)).status).toBe(status);
  expect(done).toEqual([]);
});
