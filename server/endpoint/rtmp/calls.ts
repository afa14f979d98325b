import type { Clock } from "../../live/clock.ts";
import type { Log } from "../../log.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import { toDataValue } from "../../protocol/flv/data-value.ts";
import type { DataValue, Milliseconds } from "../../protocol/media/sample.ts";
import type { CallEffect } from "../../protocol/rtmp/session-effect.ts";

/** Who makes a remote call. Nobody has checked who that is, but what it publishes it may. */
export type Caller = {
  readonly address: string;
  /** How it reached us: `rtmp`, `rtmps` … */
  readonly transport: string;
  /** What it publishes on this connection now; undefined where that is nothing. */
  readonly streamPath: string | undefined;
};

/** A remote call (NetConnection.call) as its handler gets it; the arguments come from strangers. */
export type Call = Caller & {
  readonly name: string;
  readonly arguments: readonly DataValue[];
};

/**
 * Answers calls of one name: what it returns, or resolves to, goes back as `_result` (bytes are not
 * carried). What it throws is `_error`: the text of a `CallError` is told, of others there is a line in
 * the log, once for each connection.
 */
export type CallHandler = (call: Call) => DataValue | undefined | Promise<DataValue | undefined>;

/** By name. */
export type CallHandlers = Pick<ReadonlyMap<string, CallHandler>, "get" | "has">;

/** Thrown by a handler: the caller is told why. */
export class CallError extends Error {
  override readonly name = "CallError";
}

/** What bounds the calls of one connection. */
export type CallLimits = { readonly callsAtOnce: number; readonly callTime: Milliseconds };

type Answer = { readonly result: DataValue } | { readonly failure: string };

/** What the calls of one connection are made of. */
export type CallsParts = {
  readonly handlers: CallHandlers;
  readonly clock: Clock;
  readonly limits: CallLimits;
  readonly log: Log;
  /** Sends an answer. @throws where the result cannot be written */
  readonly answer: (transactionId: number, answer: Answer) => void;
};

/** The remote calls of one connection, on their way to handlers and back. */
export class Calls {
  readonly #parts: CallsParts;
  /** Takes back the limit of time of each call that waits for its answer. */
  readonly #waiting = new Set<() => void>();
  /** What went wrong is told once for each name: strangers decide how often it does. */
  readonly #told = new Set<string>();

  constructor(parts: CallsParts) {
    this.#parts = parts;
  }

  /** Hands a call to its handler; the answer comes when it comes, or when it is due. */
  take({ name, transactionId, parameters }: CallEffect, caller: Caller): void {
    const { handlers, clock, limits, log, answer } = this.#parts;
    const handler = handlers.get(name);
    if (handler === undefined) return;
    if (this.#waiting.size >= limits.callsAtOnce) {
      if (this.#isNew("RTMP_CALLS")) {
        const message = `no more than ${limits.callsAtOnce} remote calls are answered at once`;
        log.warn(message, { code: "RTMP_CALLS", name, address: caller.address });
      }
      answer(transactionId, { failure: "Too many calls wait for their answers" });
      return;
    }
    const finish = (end: Answer): void => {
      if (!this.#waiting.delete(cancel)) return;
      cancel();
      try {
        answer(transactionId, end);
      } catch (error) {
        if (this.#isNew(`RTMP_CALL_FAILED ${name}`)) {
          log.error(`the answer to ${name} cannot be written`, { code: "RTMP_CALL_FAILED", error });
        }
        answer(transactionId, FAILED);
      }
    };
    const cancel = clock.after(limits.callTime, () => {
      if (this.#isNew(`RTMP_CALL_TIME ${name}`)) {
        log.warn(`${name} was not answered in time`, { code: "RTMP_CALL_TIME" });
      }
      finish({ failure: "The call was not answered in time" });
    });
    this.#waiting.add(cancel);
    const fail = (error: unknown): void => {
      const isTold = error instanceof CallError || error instanceof ProtocolError;
      if (!isTold && this.#isNew(`RTMP_CALL_FAILED ${name}`)) {
        log.error(`${name} failed`, { code: "RTMP_CALL_FAILED", error });
      }
      finish(isTold ? { failure: error.message } : FAILED);
    };
    const run = async (): Promise<DataValue | undefined> =>
      handler({ ...caller, name, arguments: parameters.map(toDataValue) });
    run().then((result) => finish({ result: result ?? null }), fail);
  }

  /** @param what a code, and whose it is: there are as many as handlers */
  #isNew(what: string): boolean {
    if (this.#told.has(what)) return false;
    this.#told.add(what);
    return true;
  }

  /** The connection is over: nobody waits for answers any more. */
  close(): void {
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
  }
}

/** What went wrong is nobody else's business. */
const FAILED = { failure: "The call failed" } as const;
