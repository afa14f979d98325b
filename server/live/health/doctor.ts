import type { Milliseconds } from "../../protocol/media/sample.ts";
import type { Check } from "./check.ts";
import { CHECKS } from "./checks.ts";
import type { Finding, FindingCode, Severity } from "./finding.ts";
import type { Vitals } from "./vitals.ts";

/** What was found stays for so long after it was seen last: nothing flickers. */
const HOLD: Milliseconds = 8000;

/** A sentence whose figures change is said anew no more often than this. */
const REPEAT: Milliseconds = 5000;

const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];

type Case = {
  readonly since: Milliseconds;
  seen: Milliseconds;
  /** What it says, and since when. */
  message: string;
  saidAt: Milliseconds;
  isTold: boolean;
};

/**
 * Says what is wrong with a broadcast. What it sees has to be there for a while before it is told of,
 * and to be gone for a while before it is not: each check has a wider limit for what was found already.
 */
export class Doctor {
  readonly #checks: readonly Check[];
  readonly #cases = new Map<FindingCode, Case>();

  constructor(checks: readonly Check[] = CHECKS) {
    this.#checks = checks;
  }

  /** @param vitals of each second, one after the other. @returns the worst first */
  examine(vitals: Vitals): readonly Finding[] {
    for (const check of this.#checks) this.#look(check, vitals);
    const told = this.#checks.filter(({ code }) => this.#isTold(code));
    return told
      .filter(({ unless = [] }) => !unless.some((code) => this.#isTold(code)))
      .map(({ code, severity }) => {
        return { code, severity, message: this.#cases.get(code)?.message ?? "" };
      })
      .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  }

  #isTold(code: FindingCode): boolean {
    return this.#cases.get(code)?.isTold === true;
  }

  #look({ code, after, see }: Check, vitals: Vitals): void {
    const { at } = vitals;
    const known = this.#cases.get(code);
    const message = see(vitals, known?.isTold === true);
    if (message === undefined) {
      const isOver = known !== undefined && (!known.isTold || at - known.seen >= HOLD);
      if (isOver) this.#cases.delete(code);
      return;
    }
    if (known === undefined) {
      const isTold = after === 0;
      this.#cases.set(code, { since: at, seen: at, message, saidAt: at, isTold });
      return;
    }
    known.seen = at;
    if (!known.isTold && at - known.since >= after) known.isTold = true;
    else if (known.isTold && at - known.saidAt < REPEAT) return;
    known.message = message;
    known.saidAt = at;
  }
}
