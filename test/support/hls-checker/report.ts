import type { Rule } from "./rules.ts";

/** A rule that was broken, once for each place. */
export type Violation = {
  readonly rule: Rule;
  /** What it was seen in: `t1.m3u8, segment 12`. */
  readonly where: string;
  readonly detail: string;
};

/** Says that a rule was broken. */
export type Say = (rule: Rule, where: string, detail: string) => void;

/** What was looked at: a rule that was never tried is not kept. */
export const SEEN = [
  ...["playlists", "blocked", "polled", "deltas", "hints", "reports"],
  ...["parts", "segments", "inits", "samples", "cues", "events", "probes", "removed"],
] as const;
export type Seen = (typeof SEEN)[number];

/** Places of one rule that are told; one would do, but two tell what they have in common. */
const PLACES = 8;

/** Collects what was broken and what was looked at. */
export class Report {
  readonly violations: Violation[] = [];
  readonly seen: Record<Seen, number> = Object.fromEntries(SEEN.map((what) => [what, 0])) as Record<
    Seen,
    number
  >;
  /** How often each rule was broken, told or not. */
  readonly counts = new Map<Rule, number>();
  readonly #except: ReadonlySet<Rule>;

  /** @param except rules that this stream cannot but break */
  constructor(except: readonly Rule[] = []) {
    this.#except = new Set(except);
  }

  readonly say: Say = (rule, where, detail) => {
    if (this.#except.has(rule)) return;
    const count = this.counts.get(rule) ?? 0;
    this.counts.set(rule, count + 1);
    const known = this.violations.some(
      (other) => other.rule === rule && other.where === where && other.detail === detail,
    );
    if (known || count >= PLACES * 4) return;
    if (this.violations.filter((other) => other.rule === rule).length < PLACES) {
      this.violations.push({ rule, where, detail });
    }
  };

  saw(what: Seen, count = 1): void {
    this.seen[what] += count;
  }

  /** For people: a line for each violation, then how many more there were. */
  toString(): string {
    const lines = this.violations.map(({ rule, where, detail }) => `${rule}: ${where}: ${detail}`);
    for (const [rule, count] of this.counts) {
      const told = this.violations.filter((other) => other.rule === rule).length;
      if (count > told) lines.push(`${rule}: ${count} times in all`);
    }
    return lines.join("\n");
  }
}
