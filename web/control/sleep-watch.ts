/** The wall clock has gone on by so much (ms) more than the page's own: the machine slept. */
const SLEPT = 1_500;

/** A page that is seen and has not looked for so long (ms) was stopped, whatever its clocks say. */
const STOPPED = 5_000;

/**
 * Notices that time has passed without us: a laptop slept, or the page was stopped. While a machine sleeps
 * the page's clock may stand still and the wall clock does not; where both go on there is a gap. A hidden
 * page looks rarely, which is no sleep. Clocks and looks are inputs.
 */
export class SleepWatch {
  #last: { readonly now: number; readonly wall: number; readonly hidden: boolean } | undefined;

  /**
   * To be called often.
   *
   * @param look.now ms of the page's clock (`performance.now`); @param look.wall ms since 1970 (`Date.now`)
   * @returns whether it slept since the last look
   */
  look(look: { readonly now: number; readonly wall: number; readonly hidden: boolean }): boolean {
    const last = this.#last;
    this.#last = look;
    if (last === undefined) return false;
    const passed = look.now - last.now;
    const wentOn = look.wall - last.wall - passed;
    return wentOn > SLEPT || (passed > STOPPED && !look.hidden && !last.hidden);
  }
}
