import fc from "fast-check";
import { expect, test } from "vitest";
import { NO_BYTES } from "../../../server/protocol/bytes/bytes.ts";
import { ChunkDecoder } from "../../../server/protocol/rtmp/chunk-decoder.ts";
import { chunkedMessage } from "../../../server/protocol/rtmp/chunk-encoder.ts";
import type { Message } from "../../../server/protocol/rtmp/message.ts";
import {
  type DueMessage,
  type InTransmission,
  OutputScheduler,
  type OutputSource,
} from "../../../server/protocol/rtmp/output-scheduler.ts";

const CHUNK = 128;
const [SOUND, PICTURE] = [8, 9];

/** Messages in the order they came; the most urgent of each chunk stream is its oldest. */
class Queue implements OutputSource {
  readonly waiting: DueMessage[] = [];

  takeNext(): DueMessage | undefined {
    return this.waiting.shift();
  }

  takeUrgent({ isBusy }: InTransmission, before: number): DueMessage | undefined {
    const firsts = this.waiting.filter(
      ({ message }, index) =>
        !isBusy(message.chunkStreamId) &&
        this.waiting.findIndex((other) => other.message.chunkStreamId === message.chunkStreamId) ===
          index,
    );
    const [best] = firsts.filter(({ due }) => due < before).sort((a, b) => a.due - b.due);
    if (best !== undefined) this.waiting.splice(this.waiting.indexOf(best), 1);
    return best;
  }
}

const messageOf = (chunkStreamId: number, timestamp: number, size: number): Message => ({
  ...{ chunkStreamId, timestamp, typeId: 9, messageStreamId: 1 },
  payload: new Uint8Array(size).fill(timestamp),
});

const dueMessage = (message: Message, due: number): DueMessage => ({
  message: chunkedMessage(message, NO_BYTES, CHUNK),
  due,
});

test("OutputScheduler: whatever the line takes, each chunk stream is read as it was sent", () => {
  const arrival = fc.record({
    chunkStreamId: fc.constantFrom(4, SOUND, PICTURE, 64, 400),
    size: fc.nat({ max: 1000 }),
    timestamp: fc.constantFrom(0, 40, 0xffffff, 2 ** 32 - 1),
    slack: fc.nat({ max: 100 }),
    source: fc.nat({ max: 1 }),
    /** What the receiver takes before the next one arrives. */
    takes: fc.array(
      fc.record({ room: fc.integer({ min: -50, max: 700 }), isCongested: fc.boolean() }),
    ),
  });
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 40 }), (arrivals) => {
      const scheduler = new OutputScheduler();
      const decoder = new ChunkDecoder();
      const queues = [new Queue(), new Queue()];
      for (const queue of queues) scheduler.add(queue);
      const sent = new Map<number, Message[]>();
      const got = new Map<number, Message[]>();
      const take = (room: number, isCongested: boolean): boolean => {
        const bytes = scheduler.next(room, isCongested);
        if (bytes === undefined) return false;
        // Never more than asked for, but for the one chunk that always goes.
        expect(bytes.length).toBeLessThanOrEqual(Math.max(room, CHUNK + 18));
        for (const message of decoder.push(bytes)) {
          got.set(message.chunkStreamId, [...(got.get(message.chunkStreamId) ?? []), message]);
        }
        return true;
      };
      for (const [
        at,
        { chunkStreamId, timestamp, size, slack, source, takes },
      ] of arrivals.entries()) {
        // Each chunk stream belongs to one source, as each track belongs to one broadcast.
        const message = messageOf(chunkStreamId + source * 10, timestamp, size);
        const list = sent.get(message.chunkStreamId) ?? [];
        sent.set(message.chunkStreamId, [...list, message]);
        queues[source]?.waiting.push(dueMessage(message, at + slack));
        for (const { room, isCongested } of takes) take(room, isCongested);
      }
      let turns = 0;
      while (take(300, turns % 3 > 0)) turns += 1;
      expect(got).toEqual(sent);
    }),
  );
});

/** Bytes of the first chunk are told by the first byte: type 0 or 3, and the chunk stream. */
const chunkStreamOf = (bytes: Uint8Array | undefined): number => (bytes?.[0] ?? 0) & 63;

test("OutputScheduler sends sound that is due after one more chunk of a picture", () => {
  const scheduler = new OutputScheduler();
  const queue = new Queue();
  scheduler.add(queue);
  queue.waiting.push(dueMessage(messageOf(PICTURE, 0, 100_000), 1000));
  expect(scheduler.next(CHUNK, true)?.length).toBe(12 + CHUNK);
  expect(chunkStreamOf(scheduler.next(CHUNK, true))).toBe(PICTURE);
  queue.waiting.push(dueMessage(messageOf(SOUND, 20, 300), 20));
  const order = Array.from({ length: 4 }, () => chunkStreamOf(scheduler.next(CHUNK, true)));
  expect(order).toEqual([SOUND, SOUND, SOUND, PICTURE]); // 300 bytes of sound are three chunks
});

test("OutputScheduler sends whole messages in order while everything is taken", () => {
  const scheduler = new OutputScheduler();
  const queue = new Queue();
  scheduler.add(queue);
  queue.waiting.push(
    dueMessage(messageOf(PICTURE, 0, 1000), 1000),
    dueMessage(messageOf(SOUND, 1, 300), 1),
  );
  const [first, second] = [scheduler.next(65_536, false), scheduler.next(65_536, false)];
  expect([chunkStreamOf(first), chunkStreamOf(second)]).toEqual([PICTURE, SOUND]);
  expect(first?.length).toBe(12 + 1000 + 7);
  expect(scheduler.next(65_536, false)).toBeUndefined();
  expect(scheduler.isClear).toBe(true);
});

test("OutputScheduler lets nobody starve: sound goes ahead of a picture by its slack, no further", () => {
  const scheduler = new OutputScheduler();
  const queue = new Queue();
  scheduler.add(queue);
  queue.waiting.push(dueMessage(messageOf(PICTURE, 0, 500), 200));
  // Sound comes faster than the line takes anything.
  let at = 0;
  const order: number[] = [];
  while (!order.includes(PICTURE) && at < 1000) {
    at += 20;
    queue.waiting.push(dueMessage(messageOf(SOUND, at, 100), at));
    order.push(chunkStreamOf(scheduler.next(CHUNK, true)));
  }
  expect(order.indexOf(PICTURE)).toBe(200 / 20 - 1);
});

test("OutputScheduler finishes what has begun of a source that is gone", () => {
  const scheduler = new OutputScheduler();
  const queue = new Queue();
  const remove = scheduler.add(queue);
  const message = messageOf(PICTURE, 7, 300);
  queue.waiting.push(dueMessage(message, 0), dueMessage(messageOf(PICTURE, 8, 300), 1));
  const decoder = new ChunkDecoder();
  decoder.push(scheduler.next(0, true) ?? NO_BYTES);
  remove();
  const rest = [scheduler.next(0, true), scheduler.next(0, true), scheduler.next(0, true)];
  expect(rest.flatMap((bytes) => decoder.push(bytes ?? NO_BYTES))).toEqual([message]);
  expect(scheduler.next(0, true)).toBeUndefined();
});
