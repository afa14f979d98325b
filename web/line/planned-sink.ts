import type { PlannedTrack } from "../engine/plan.ts";

/** What a sink plays: one track of each of its kinds, others of the kind taking their place. */
export class PlannedSink {
  #plan: readonly PlannedTrack[];

  constructor(plan: readonly PlannedTrack[]) {
    this.#plan = plan;
  }

  get plan(): readonly PlannedTrack[] {
    return this.#plan;
  }

  plays(trackId: number): boolean {
    return this.#plan.some(({ track }) => track.id === trackId);
  }

  /** From now on this one is the track of its kind. */
  protected take(planned: PlannedTrack): void {
    const { mediaType } = planned.track;
    this.#plan = this.#plan.map((one) => (one.track.mediaType === mediaType ? planned : one));
  }
}
