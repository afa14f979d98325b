import { ProtocolError } from "../../protocol/errors.ts";

/** The run of bad messages of one connection, whatever was bad in them: framing, values or tags. */
export class BadMessages {
  readonly #maxInARow: number;
  #inARow = 0;

  constructor(maxInARow: number) {
    this.#maxInARow = maxInARow;
  }

  /** One was understood. */
  good(): void {
    this.#inARow = 0;
  }

  /** @throws ProtocolError `BAD_MESSAGES` (limit) in connection scope when there were too many */
  bad(error: ProtocolError): void {
    this.#inARow += 1;
    if (this.#inARow < this.#maxInARow) return;
    const message = `Cannot go on after ${this.#inARow} bad messages in a row, the last: ${error.message}`;
    throw new ProtocolError("limit", "BAD_MESSAGES", message, { scope: "connection" });
  }
}
