import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeAmf0 } from "../../server/protocol/amf0/encode.ts";
import { ChunkDecoder } from "../../server/protocol/rtmp/chunk-decoder.ts";
import { type Command, decodeCommand } from "../../server/protocol/rtmp/command.ts";
import { MessageType } from "../../server/protocol/rtmp/message.ts";
import { CONNECT, command } from "../protocol/rtmp/session-support.ts";
import { type Child, startChild } from "../support/child.ts";
import { counterClip } from "../support/counter-clip.ts";
import { readFlvFile } from "../support/flv-file.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { TagPublisher } from "../support/rtmp-constructed.ts";
import { eventually } from "../support/server-process.ts";

const ROOT = join(import.meta.dirname, "../..");

let folder: string;
let program: Child;
let port: number;

/** The README's example as a program in this package, on free ports. */
beforeAll(async () => {
  folder = mkdtempSync(join(ROOT, "dist/library-")); // in here, "sluice" is this package
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, example = ""] = /```js\n(import \{ createSluice \}.*?)```/s.exec(readme) ?? [];
  const settings = `{ rtmpPort: 0, httpPort: 0, dataDir: ${JSON.stringify(folder)} }`;
  const here = example.replace(/(?<=createSluice\()\{.*?\}/, settings);
  expect(here).not.toBe(example);
  writeFileSync(join(folder, "example.mjs"), here);
  program = startChild(process.execPath, [join(folder, "example.mjs")]);
  const ready = await program.line(
    /^rtmp:\/\/localhost:(\d+)\/live\/NAME, http:\/\/localhost:\d+\/$/m,
  );
  port = Number(ready[1]);
});

afterAll(async () => {
  expect(await program.stop("SIGTERM", 10_000)).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

test("the README's example is told of a broadcast: its beginning, tracks, data and end", async () => {
  const publisher = await TagPublisher.open(`rtmp://127.0.0.1:${port}/live/show`);
  const tags = readFlvFile(await counterClip({ video: "h264", audio: "aac" }));
  await publisher.play(tags.slice(0, 30), 0);
  const payload = encodeAmf0("onCuePoint", { name: "goal", at: new Date(0) });
  await publisher.send({ kind: "data", timestamp: 100, payload });
  await publisher.finish();
  await program.line(/^live\/show has ended$/m);
  const lines = program
    .stdout()
    .split("\n")
    .filter((line) => !/^[0-9a-z]+-1 onMetaData /.test(line));
  expect(lines.slice(1, -1)).toEqual([
    "live/show is on air",
    expect.stringMatching(/^(avc1\.\w+|mp4a\.40\.2)$/),
    expect.stringMatching(/^avc1\.\w+ \+ mp4a\.40\.2$/),
    expect.stringMatching(
      /^[0-9a-z]+-2 onCuePoint \[\{"name":"goal","at":"1970-01-01T00:00:00\.000Z"\}\]$/,
    ),
    "live/show has ended",
  ]);
});

test("the README's example answers remote calls, and nobody is left without an answer", async () => {
  const connection = await RawConnection.openRtmp(port);
  const handshake = connection.received.length;
  connection.send(CONNECT);
  connection.send(command("add", 2, [null, 40, 2]));
  connection.send(command("divide", 3, [null, 1, 0]));
  const answers = (): Command[] =>
    new ChunkDecoder()
      .push(connection.received.subarray(handshake))
      .filter(({ typeId }) => typeId === MessageType.CommandAmf0)
      .map(decodeCommand);
  await eventually("three answers", async () => answers().length === 3);
  const byId = new Map(answers().map((answer) => [answer.transactionId, answer]));
  expect(byId.get(2)).toMatchObject({ name: "_result", parameters: [42] });
  const code = "NetConnection.Call.Failed";
  expect(byId.get(3)).toMatchObject({ name: "_error", parameters: [{ code }] });
  connection.abort();
});
