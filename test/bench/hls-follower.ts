import { type Edge, following, readEdge } from "./hls-edge.ts";
import { type HttpAnswer, HttpLine } from "./http-line.ts";

/** One rendition, followed as a player in low latency does: a blocking reload, then the new parts. */
export class HlsFollower {
  readonly #line: HttpLine;
  readonly #folder: string;
  readonly #playlist: string;
  #edge: Edge;

  private constructor(line: HttpLine, playlist: string, edge: Edge) {
    this.#line = line;
    this.#playlist = playlist;
    this.#folder = playlist.slice(0, playlist.lastIndexOf("/") + 1);
    this.#edge = edge;
  }

  /** @param playlist path of a media playlist that lists parts already */
  static async open(port: number, playlist: string): Promise<HlsFollower> {
    const line = new HttpLine(port);
    return new HlsFollower(line, playlist, readEdge(text(await line.get(playlist))));
  }

  get edge(): Edge {
    return this.#edge;
  }

  /** The init segment of the newest segment. */
  async init(): Promise<Buffer> {
    return bytes(await this.#line.get(this.#folder + this.#edge.map));
  }

  /** @returns the parts that came next, and when each was here */
  async next(): Promise<{ body: Buffer; at: number }[]> {
    const known = new Set(this.#edge.parts);
    this.#edge = readEdge(text(await this.#line.get(following(this.#playlist, this.#edge))));
    const got: { body: Buffer; at: number }[] = [];
    for (const uri of this.#edge.parts) {
      if (known.has(uri)) continue;
      const answer = await this.#line.get(this.#folder + uri);
      got.push({ body: bytes(answer), at: answer.at });
    }
    return got;
  }

  close(): void {
    this.#line.close();
  }
}

function bytes({ status, head, body }: HttpAnswer): Buffer {
  if (status !== 200 || body === undefined) throw new Error(`The server answered: ${head}`);
  return body;
}

const text = (answer: HttpAnswer): string => bytes(answer).toString();

/** Paths of a stream's first video and audio rendition, from the multivariant playlist. */
export async function renditionsOf(
  port: number,
  folder: string,
): Promise<{ video: string; audio: string }> {
  const line = new HttpLine(port);
  const playlist = text(await line.get(`${folder}index.m3u8`));
  line.close();
  const video = /#EXT-X-STREAM-INF:[^\n]*\n([^\n#]+)/.exec(playlist)?.[1];
  const audio = /#EXT-X-MEDIA:TYPE=AUDIO[^\n]*URI="([^"]*)"/.exec(playlist)?.[1];
  return { video: `${folder}${video}`, audio: `${folder}${audio}` };
}
