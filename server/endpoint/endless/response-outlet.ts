import type { IncomingMessage, ServerResponse } from "node:http";
import type { Milliseconds } from "../../protocol/media/sample.ts";
import { unsentBytes } from "../entry/unsent-bytes.ts";
import type { Outlet } from "./pipe.ts";

/** The body of a response that has no length. Its status and headers are written with the first bytes. */
export class ResponseOutlet<Form> implements Outlet<Form> {
  readonly #response: ServerResponse<IncomingMessage>;
  readonly #bytesOf: (form: Form) => Uint8Array;
  readonly #closingTime: Milliseconds;

  /**
   * @param response with its status and headers set
   * @param closingTime how long what was written last may lie unread
   */
  constructor(
    response: ServerResponse<IncomingMessage>,
    bytesOf: (form: Form) => Uint8Array,
    closingTime: Milliseconds,
  ) {
    this.#response = response;
    this.#bytesOf = bytesOf;
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
    const bytes = this.#bytesOf(form);
    if (bytes.length > 0) this.#response.write(bytes);
    return bytes.length;
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
