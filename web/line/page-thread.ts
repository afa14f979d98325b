import type { LiveLine } from "./live-line.ts";
import type { LineCommand } from "./messages.ts";
import type { LineThread, ThreadListener } from "./threads.ts";

/** A line on the page: the same code as in a worker, loaded where there is none. */
export class PageThread implements LineThread {
  readonly name = "page";
  #line: LiveLine | undefined;
  /** What was said before the code came. */
  #early: LineCommand[] = [];
  #isClosed = false;

  constructor(listener: ThreadListener) {
    import("./live-line.ts").then(
      ({ LiveLine }) => {
        if (this.#isClosed) return;
        const line = new LiveLine((report) => {
          if (!this.#isClosed) listener.onReport(report);
        });
        this.#line = line;
        for (const command of this.#early.splice(0)) line.receive(command);
      },
      () => {
        if (!this.#isClosed) listener.onLost("unreachable");
      },
    );
  }

  send(command: LineCommand): void {
    if (this.#line !== undefined) this.#line.receive(command);
    else if (!this.#isClosed) this.#early.push(command);
  }

  close(): void {
    this.#isClosed = true;
    this.#early = [];
    this.#line?.receive({ type: "stop" });
  }
}
