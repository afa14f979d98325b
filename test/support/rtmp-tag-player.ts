import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { ClientSession } from "../../server/protocol/rtmp/client-session.ts";
import type { Tag } from "./flv-file.ts";

/** A player that keeps the tags it gets, and reads only when it is told to. */
export class TagPlayer {
  readonly tags: Tag[] = [];
  readonly #socket: Socket;
  readonly #waiting = new Set<() => void>();
  #isPlaying = false;
  #hasEnded = false;

  private constructor(socket: Socket, session: ClientSession) {
    this.#socket = socket;
    socket.on("error", () => {}); // `close` follows
    socket.on("close", () => this.#look());
    socket.on("data", (bytes) => {
      for (const effect of session.receive(bytes)) {
        if (effect.type === "send") socket.write(effect.bytes);
        else if (effect.type === "playing") this.#isPlaying = true;
        else if (effect.type === "ended") this.#hasEnded = true;
        else if (effect.type === "media") {
          const { kind, timestamp, payload } = effect;
          this.tags.push({ kind, timestamp, payload });
        }
      }
      this.#look();
    });
  }

  /** Connects and plays; resolves when the server says that it does. */
  static async open(url: string): Promise<TagPlayer> {
    const { hostname, port, pathname, search, host } = new URL(url.replace(/^rtmp:/, "http:"));
    const [app = "", name = ""] = pathname.slice(1).split("/");
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, "connect");
    const session = new ClientSession({
      random: (length: number) => randomFillSync(new Uint8Array(length)),
      purpose: "play",
      ...{ app, tcUrl: `rtmp://${host}/${app}`, streamName: `${name}${search}` },
    });
    const player = new TagPlayer(socket, session);
    socket.write(session.start());
    await player.until("playing", () => player.#isPlaying);
    return player;
  }

  /** Reads nothing more. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Resolves when the server has said that the broadcast has ended. */
  ended(): Promise<void> {
    return this.until("the end", () => this.#hasEnded);
  }

  /** Resolves when something has come true; rejects when the connection is over before. */
  until(what: string, isTrue: (player: TagPlayer) => boolean, timeout = 20_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        settle();
      };
      const fail = (why: string) => finish(() => reject(new Error(`${why} before ${what}`)));
      const look = () => {
        if (isTrue(this)) finish(resolve);
        else if (this.#socket.destroyed) fail("The connection was over");
      };
      const timer = setTimeout(() => fail(`${timeout} ms passed`), timeout);
      this.#waiting.add(look);
      look();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}
