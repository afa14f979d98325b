import { describe, expect, test } from "vitest";
import { TunnelSession, type TunnelTurn } from "../../../server/endpoint/entry/tunnel-session.ts";
import { concat } from "../../../server/protocol/bytes/bytes.ts";
import { hex } from "../../support/hex.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const LIMITS = { silence: 20_000, absence: 5_000, hold: 250, answer: 100, ahead: 3, gap: 2_000 };

/** A request that a test gives its body by hand. */
class Turn implements TunnelTurn {
  readonly type: TunnelTurn["type"];
  readonly sequence: number;
  isOpen = true;
  isPaused = false;
  sink: Parameters<TunnelTurn["read"]>[0] | undefined;
  /** The answer's body, or the status of a refusal. */
  got: Uint8Array | number | undefined;

  constructor(type: TunnelTurn["type"], sequence: number) {
    this.type = type;
    this.sequence = sequence;
  }
  read(sink: Parameters<TunnelTurn["read"]>[0]): void {
    this.sink = sink;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  answer(body: readonly Uint8Array[]): void {
    if (this.got !== undefined) throw new Error("Answered twice");
    this.got = concat(...body);
  }
  refuse(status: number): void {
    this.got ??= status;
  }
}

function stage({ isRead = true } = {}) {
  const clock = new ManualClock();
  const wrong: string[] = [];
  const session = new TunnelSession({
    clock,
    limits: LIMITS,
    onWrong: (code) => wrong.push(code),
  });
  const received: Buffer[] = [];
  let end = "";
  session.on("end", () => {
    end = "end";
  });
  session.on("close", () => {
    end ||= "close";
  });
  if (isRead) session.on("data", (bytes) => received.push(bytes));
  const ask = (type: TunnelTurn["type"], sequence: number, body?: Uint8Array): Turn => {
    const turn = new Turn(type, sequence);
    session.handle(turn);
    if (body !== undefined) {
      turn.sink?.bytes(body);
      turn.sink?.end();
    }
    return turn;
  };
  const state = {
    get received() {
      return Buffer.concat(received).toString("latin1");
    },
    get end() {
      return end;
    },
  };
  return { clock, wrong, session, ask, state };
}

const bytes = (text: string) => Buffer.from(text, "latin1");
/** A session reads once its first listener has been heard of. */
const soon = () => new Promise((resolve) => setImmediate(resolve));

describe("TunnelSession carries", () => {
  test("what is sent, and what is written in the answer to it", async () => {
    const { session, ask, state } = stage();
    session.on("data", () => session.write(hex`0a0b`));
    await soon();
    expect(ask("send", 0, bytes("hello")).got).toEqual(hex`01 0a0b`);
    expect(state.received).toBe("hello");
    expect(session.writableLength).toBe(0);
  });

  test("bodies as they come, not only when they are whole", async () => {
    const { session, ask, state } = stage();
    await soon();
    const turn = ask("send", 0);
    turn.sink?.bytes(bytes("ab"));
    expect(state.received).toBe("ab");
    turn.sink?.bytes(bytes("cd"));
    expect(turn.got).toBeUndefined();
    turn.sink?.end();
    expect(turn.got).toEqual(hex`01`);
    expect(state.received).toBe("abcd");
    expect(session.destroyed).toBe(false);
  });

  test("nothing of what idle and close bring", async () => {
    const { ask, state } = stage();
    await soon();
    ask("idle", 0, hex`00`);
    ask("close", 1, hex`00`);
    expect(state.received).toBe("");
  });

  test("what was written before, as much as an answer holds, in order", () => {
    const { session, ask } = stage();
    session.write(bytes("a".repeat(60)));
    session.write(bytes("b".repeat(60)));
    session.write(bytes("c".repeat(10)));
    expect(session.writableLength).toBe(130);
    const textOf = ({ got }: Turn) => Buffer.from(got as Uint8Array).toString("latin1");
    const first = `\x01${"a".repeat(60)}${"b".repeat(40)}`;
    expect(textOf(ask("idle", 0, hex`00`))).toBe(first);
    expect(session.writableLength).toBe(70); // what was taken in part counts whole
    expect(textOf(ask("idle", 1, hex`00`))).toBe(`\x01${"b".repeat(20)}${"c".repeat(10)}`);
    expect(session.writableLength).toBe(0);
  });

  test("back-pressure to who writes, and drain when the client took it", async () => {
    const { session, ask } = stage();
    let drained = 0;
    session.on("drain", () => {
      drained += 1;
    });
    let sequence = 0;
    while (session.write(bytes("x".repeat(90)))); // up to the high water mark
    const waiting = session.writableLength;
    expect(waiting).toBeGreaterThanOrEqual(session.writableHighWaterMark);
    for (; drained === 0; sequence += 1) ask("idle", sequence, hex`00`);
    await soon();
    expect(sequence).toBe(Math.ceil(waiting / LIMITS.answer));
    expect(session.writableLength).toBe(0);
  });

  test("back-pressure to who sends", async () => {
    const { session, ask } = stage({ isRead: false });
    const turn = ask("send", 0);
    turn.sink?.bytes(Buffer.alloc(session.readableHighWaterMark));
    expect(turn.isPaused).toBe(true);
    session.read();
    await soon();
    expect(turn.isPaused).toBe(false);
  });
});

describe("TunnelSession holds idle", () => {
  test("while there is nothing to say, and says less and less often", () => {
    const { ask, clock } = stage();
    const hints = [0, 1, 2, 3, 4, 5, 6].map((sequence) => {
      const turn = ask("idle", sequence, hex`00`);
      clock.pass(LIMITS.hold - 1);
      expect(turn.got).toBeUndefined();
      clock.pass(1);
      return turn.got;
    });
    expect(hints).toEqual([1, 3, 5, 9, 17, 33, 33].map((hint) => Uint8Array.of(hint)));
  });

  test("until something is written: one answer for all of one go", async () => {
    const { session, ask, clock } = stage();
    const first = ask("idle", 0, hex`00`);
    clock.pass(LIMITS.hold);
    const turn = ask("idle", 1, hex`00`);
    session.write(hex`aa`);
    session.write(hex`bb`);
    await soon();
    expect([first.got, turn.got]).toEqual([hex`01`, hex`01 aabb`]);
    expect(ask("send", 2, bytes("x")).got).toEqual(hex`01`);
    expect(ask("send", 3, bytes("x")).got).toEqual(hex`03`);
  });

  test("until the next request comes, whatever it is: answers keep their order", () => {
    const { ask } = stage();
    const idle = ask("idle", 0, hex`00`);
    const send = ask("send", 1);
    expect(idle.got).toEqual(hex`01`);
    expect(send.got).toBeUndefined();
  });

  test("and takes nothing for a client whose connection has gone", () => {
    const { session, ask, clock } = stage();
    const idle = ask("idle", 0, hex`00`);
    idle.isOpen = false;
    session.write(hex`aa`);
    clock.pass(LIMITS.hold);
    expect(ask("idle", 1, hex`00`).got).toEqual(hex`01 aa`);
  });
});

describe("TunnelSession keeps the order", () => {
  test("and waits for requests that were overtaken on another connection", async () => {
    const { ask, state, session } = stage();
    await soon();
    const third = ask("send", 2);
    const second = ask("send", 1);
    expect([second.sink, third.sink]).toEqual([undefined, undefined]);
    ask("send", 0, bytes("a"));
    second.sink?.bytes(bytes("b"));
    expect(third.sink).toBeUndefined();
    second.sink?.end();
    third.sink?.bytes(bytes("c"));
    third.sink?.end();
    expect(state.received).toBe("abc");
    expect([second.got, third.got]).toEqual([hex`03`, hex`05`]);
    expect(session.destroyed).toBe(false);
  });

  test("but no longer than it may", async () => {
    const { ask, clock, wrong, session } = stage();
    const early = ask("send", 1);
    clock.pass(LIMITS.gap - 1);
    expect(session.destroyed).toBe(false);
    clock.pass(1);
    expect(wrong).toEqual(["RTMPT_SEQUENCE"]);
    expect(session.destroyed).toBe(true);
    expect(early.got).toBe(404);
    expect(clock.pending).toBe(0);
  });

  test("while the one before is still coming there is no hurry", async () => {
    const { ask, clock, session, state } = stage();
    await soon();
    const slow = ask("send", 0);
    const early = ask("send", 1);
    clock.pass(5 * LIMITS.gap);
    expect(session.destroyed).toBe(false);
    slow.sink?.end();
    early.sink?.bytes(bytes("x"));
    expect(state.received).toBe("x");
  });

  test("and ends where more is missing than may be", () => {
    const { ask, wrong, session } = stage();
    expect(ask("send", LIMITS.ahead + 1).got).toBe(409);
    expect(wrong).toEqual(["RTMPT_SEQUENCE"]);
    expect(session.destroyed).toBe(true);
  });

  test("gives the last answer once more, and takes nothing twice", async () => {
    const { session, ask, state, wrong } = stage();
    session.on("data", () => session.write(hex`aa`));
    await soon();
    const first = ask("send", 0, bytes("x"));
    const again = ask("send", 0);
    expect(again.sink).toBeUndefined();
    expect(again.got).toEqual(first.got);
    expect(state.received).toBe("x");
    expect(wrong).toEqual([]);
    const idle = ask("idle", 1, hex`00`);
    expect(ask("idle", 1).got).toEqual(hex`01`); // the one that is held is answered first
    expect(idle.got).toEqual(hex`01`);
  });

  test.each([0, 1])("refuses what was answered long ago (%i), and goes on", async (replayed) => {
    const { ask, wrong, session, state } = stage();
    await soon();
    for (const sequence of [0, 1, 2]) ask("send", sequence, bytes(String(sequence)));
    const turn = ask("send", replayed);
    expect([turn.got, turn.sink]).toEqual([409, undefined]);
    expect(wrong).toEqual(["RTMPT_SEQUENCE"]);
    ask("send", 3, bytes("3"));
    expect(state.received).toBe("0123");
    expect(session.destroyed).toBe(false);
  });

  test("refuses one that is being taken, and one that waits already", () => {
    const { ask, wrong } = stage();
    ask("send", 0);
    expect(ask("send", 0).got).toBe(409);
    ask("send", 1);
    expect(ask("send", 1).got).toBe(409);
    expect(wrong).toEqual(["RTMPT_SEQUENCE", "RTMPT_SEQUENCE"]);
  });
});

describe("TunnelSession ends", () => {
  test("when it is closed, in order", async () => {
    const { ask, state, session, wrong } = stage();
    await soon();
    ask("send", 0, bytes("bye"));
    expect(ask("close", 1, hex`00`).got).toEqual(hex`00`);
    await soon();
    expect([state.received, state.end, session.destroyed]).toEqual(["bye", "end", true]);
    expect(wrong).toEqual([]);
  });

  test("when nothing asks for too long", () => {
    const { ask, clock, wrong, session } = stage();
    ask("send", 0, bytes("x"));
    clock.pass(LIMITS.silence - 1);
    ask("send", 1, bytes("x"));
    clock.pass(LIMITS.silence - 1);
    expect(session.destroyed).toBe(false);
    clock.pass(1);
    expect(wrong).toEqual(["RTMPT_SILENCE"]);
    expect(session.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("sooner when no connection is left that carries it, unless it comes back", () => {
    const { ask, clock, wrong, session } = stage();
    ask("send", 0, bytes("x"));
    session.abandon();
    clock.pass(LIMITS.absence - 1);
    ask("send", 1, bytes("x"));
    clock.pass(LIMITS.silence - 1);
    expect(session.destroyed).toBe(false);
    session.abandon();
    clock.pass(LIMITS.absence);
    expect(wrong).toEqual(["RTMPT_SILENCE"]);
  });

  test("not while a body is coming: that has bounds of its own", () => {
    const { ask, clock, session } = stage();
    ask("send", 0);
    clock.pass(3 * LIMITS.silence);
    expect(session.destroyed).toBe(false);
  });

  test("when a body breaks off: what is missing never comes", async () => {
    const { ask, wrong, session, state } = stage();
    await soon();
    const turn = ask("send", 0);
    turn.sink?.bytes(bytes("half"));
    turn.sink?.broken("its connection closed before its end");
    expect(wrong).toEqual(["RTMPT_BODY"]);
    await soon();
    expect([session.destroyed, state.end]).toEqual([true, "close"]);
  });

  test("when who writes ends it: requests that wait get an answer", async () => {
    const { ask, session } = stage();
    const idle = ask("idle", 0, hex`00`);
    const early = ask("send", 2);
    session.write(hex`ff`);
    session.destroy();
    await soon();
    expect([idle.got, early.got]).toEqual([hex`01 ff`, 404]);
  });
});
