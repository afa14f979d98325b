import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { TunnelConnection } from "../../../server/endpoint/entry/tunnel-connection.ts";
import type { TunnelTurn } from "../../../server/endpoint/entry/tunnel-session.ts";
import { hex } from "../../support/hex.ts";

const LIMITS = { head: 500, body: 1000, unread: 5000, idle: 20_000 };

/** A line into which a test pushes; what is written to it is taken only while it `isRead`. */
function stage({ isRead, isHeldUp = false }: { isRead: boolean; isHeldUp?: boolean }) {
  let written = "";
  const waiting: (() => void)[] = [];
  const line = new Duplex({
    read: () => {},
    write: (bytes: Buffer, _encoding, done) => {
      const take = () => {
        written += bytes.toString("latin1");
        done();
      };
      if (isRead) take();
      else waiting.push(take);
    },
  });
  const socket = Object.assign(line, { setTimeout: () => line, destroySoon: () => line.end() });
  const turns: TunnelTurn[] = [];
  let taken = "";
  const read = (turn: TunnelTurn) =>
    turn.read({
      bytes: (bytes) => {
        taken += Buffer.from(bytes).toString("latin1");
      },
      end: () => turn.answer([hex`01`]),
      broken: () => {},
    });
  const connection = new TunnelConnection(socket as unknown as Socket, {
    limits: LIMITS,
    now: () => 1_700_000_000_000,
    onRequest: (_type, slot) => slot.refuse(404, "none"),
    onTurn: (_sessionId, turn) => {
      turns.push(turn);
      if (!isHeldUp) read(turn);
    },
    onForeign: () => {},
  });
  const post = (sequence: number, body: string) =>
    line.push(
      `POST /send/a/${sequence} HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      "latin1",
    );
  return {
    connection,
    line,
    turns,
    post,
    readAll: () => {
      isRead = true;
      for (const take of waiting.splice(0)) take();
    },
    takeBodies: () => {
      isHeldUp = false;
      for (const turn of turns) read(turn);
    },
    get taken() {
      return taken;
    },
    get written() {
      return written;
    },
  };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe("TunnelConnection", () => {
  test("goes on taking from a client that reads no answer, and keeps no more of them", async () => {
    const it = stage({ isRead: false });
    for (let sequence = 0; sequence < 1000; sequence += 1) {
      it.post(sequence, ".");
      if (sequence % 50 === 0) await soon();
    }
    await soon();
    expect(it.turns).toHaveLength(1000);
    expect(it.taken).toBe(".".repeat(1000));
    expect(it.line.writableLength).toBeGreaterThan(LIMITS.unread);
    expect(it.line.writableLength).toBeLessThan(LIMITS.unread + 1000);
    // Nothing is to be taken for it: its session keeps what it has to say.
    expect(it.turns.at(-1)?.isOpen).toBe(false);
    it.readAll();
    await soon();
    it.post(1000, ".");
    await soon();
    expect(it.turns.at(-1)?.isOpen).toBe(true);
    expect(it.written.match(/HTTP\/1\.1 200 OK\r\n/g)?.length).toBeLessThan(100);
    expect(it.written.endsWith("GMT\r\n\r\n\x01")).toBe(true);
    expect(it.connection.isIdle).toBe(true);
  });

  test("reads no further while nobody takes a body", async () => {
    const it = stage({ isRead: true, isHeldUp: true });
    it.post(0, "a");
    it.post(1, "b");
    await soon();
    expect(it.turns).toHaveLength(1);
    expect(it.line.isPaused()).toBe(true);
    it.takeBodies();
    await soon();
    expect([it.taken, it.line.isPaused()]).toEqual(["ab", false]);
  });
});
