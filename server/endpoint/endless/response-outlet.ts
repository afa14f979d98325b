import type { IncomingMessage, ServerResponse } from "node:http";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { unsentBytes } from "../entry/unsent-bytes.ts";
import type { Outlet } from "./pipe.ts";

/** The body of a response that has no length: one write for each form, of all its pieces. */
export class ResponseOutlet<Form> implements Outlet<Form> {
  readonly #response: ServerResponse<IncomingMessage>;
  readonly #piecesOf: (form: Form) => readonly Uint8Array[];
  readonly #closingTime: Milliseconds;

  /**
   * @param response with its status and headers set
   * @param piecesOf what is to be written of a form, in order; asked once for each
   * @param closingTime how long what was written last may lie unread
   */
  constructor(
    response: ServerResponse<IncomingMessage>,
    piecesOf: (form: Form) => readonly Uint8Array[],
    closingTime: Milliseconds,
  ) {
    this.#response = response;
    this.#piecesOf = piecesOf;
    this.#closingTime = closingTime;
    // Who watches may have nothing to say and nothing to hear for a while: the pipe looks after it.
    response.setTimeout(0);
  }

  get waiting(): number {
    return this.#response.writableLength;
  }

  get unsent(): number {
    return unsentBytes(this.#response, this.#response.socket);
  }

  write(form: Form): number {
    let length = 0;
    this.#response.cork();
    for (const piece of this.#piecesOf(form)) {
      length += piece.length;
      if (piece.length > 0) this.#response.write(piece);
    }
    this.#response.uncork();
    return length;
  }

  gather(write: () => void): void {
    this.#response.cork();
    write();
    this.#response.uncork();
  }

  onDrain(listener: () => void): void {
    this.#response.on("drain", listener);
  }

  end(): void {
    this.#response.setTimeout(this.#closingTime, () => this.#response.destroy());
    this.#response.end();
  }

  destroy(): void {
    this.#response.destroy();
  }
}
