import { createWriteStream, type WriteStream } from "node:fs";
import { open } from "node:fs/promises";

/** A capture on its way to the disk: a new file that only its owner reads. */
export class CaptureWriter {
  readonly path: string;
  readonly #stream: WriteStream;
  #failure: Error | undefined;

  private constructor(path: string, stream: WriteStream) {
    this.path = path;
    this.#stream = stream;
    stream.on("error", (error) => {
      this.#failure = error;
    });
  }

  /** @throws the system's error: EEXIST where there is such a file already */
  static async create(path: string): Promise<CaptureWriter> {
    const handle = await open(path, "wx", 0o600);
    return new CaptureWriter(path, createWriteStream("", { fd: handle }));
  }

  /** Bytes that the disk has not taken yet. */
  get unwritten(): number {
    return this.#stream.writableLength;
  }

  /** What went wrong; what is written then is lost. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > 0 && this.#failure === undefined) this.#stream.write(bytes);
  }

  /** Calls back once when the disk has taken all. */
  onDrain(callback: () => void): void {
    this.#stream.once("drain", callback);
    this.#stream.once("close", callback);
  }

  /** Resolves when everything lies on the disk, or cannot. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stream.closed) resolve();
      else {
        this.#stream.once("close", () => resolve());
        this.#stream.end();
      }
    });
  }
}
