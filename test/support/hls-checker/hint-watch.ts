import { type Client, whereOf } from "./client.ts";
import type { MediaPlaylist } from "./media-playlist.ts";
import type { Kind } from "./media-rules.ts";
import type { Answer } from "./origin.ts";

/** Loads what is hinted before it is there, and compares when it came with when it was listed. */
export class HintWatch {
  readonly #client: Client;
  readonly #rendition: { readonly url: string; readonly kind: Kind };
  readonly #slack: number;
  readonly #asked = new Set<string>();
  readonly #answers = new Map<string, Answer>();
  readonly #listedAt = new Map<string, number>();
  #isOver = false;

  constructor(client: Client, rendition: { url: string; kind: Kind }, slack: number) {
    this.#client = client;
    this.#rendition = rendition;
    this.#slack = slack;
  }

  /** Asks for what the playlist hints at. */
  ask({ hints }: MediaPlaylist): void {
    for (const { type, uri, attributes } of hints) {
      const url = new URL(uri, this.#rendition.url).href;
      if (type !== "PART" || attributes.has("BYTERANGE-START") || this.#asked.has(url)) continue;
      this.#asked.add(url);
      this.#client.ask(url).then(
        (answer) => this.#answered(url, answer),
        () => {}, // cut off at the end of the check
      );
    }
  }

  /** Parts of a playlist, which came at `at`. */
  listed({ segments }: MediaPlaylist, at: number): void {
    for (const { parts } of segments.slice(-3)) {
      for (const { uri } of parts) {
        const url = new URL(uri, this.#rendition.url).href;
        if (this.#listedAt.has(url)) continue;
        this.#listedAt.set(url, at);
        this.#compare(url);
      }
    }
  }

  /** What was sent for a hint. */
  bytesOf(url: string): Uint8Array | undefined {
    const answer = this.#answers.get(url);
    return answer?.status === 200 ? answer.body : undefined;
  }

  finish(): void {
    this.#isOver = true;
  }

  #answered(url: string, answer: Answer): void {
    if (this.#isOver) return;
    const { report } = this.#client;
    report.saw("hints");
    this.#answers.set(url, answer);
    const where = whereOf(url);
    if (answer.status === 200) {
      const purpose = { type: "part", kind: this.#rendition.kind } as const;
      this.#client.judge(answer, purpose, where);
      const took = answer.endedAt - answer.firstByteAt;
      if (took > this.#slack) {
        report.say("hint-early", where, `its bytes came over ${Math.round(took)} ms`);
      }
    } else {
      this.#client.judge(answer, { type: "refusal", of: "file" }, where);
    }
    this.#compare(url);
  }

  #compare(url: string): void {
    const [answer, listedAt] = [this.#answers.get(url), this.#listedAt.get(url)];
    if (answer === undefined || listedAt === undefined) return;
    const { say } = this.#client.report;
    const where = whereOf(url);
    const waited = answer.endedAt - answer.askedAt;
    if (answer.status !== 200) {
      const patience = 3000 * (this.#client.targetDuration ?? 0) - this.#slack;
      const isPatient = answer.status === 503 && waited >= patience;
      if (!isPatient) say("hint-true", where, `it was refused with ${answer.status}, and came`);
      return;
    }
    const behind = answer.endedAt - listedAt;
    if (behind > this.#slack)
      say("hint-late", where, `${Math.round(behind)} ms behind the playlist`);
    if (-behind > this.#slack)
      say("block-late", where, `${Math.round(-behind)} ms behind the part`);
  }
}
