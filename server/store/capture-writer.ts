import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";

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

  /** Opens the file by and by: where that fails there is a `failure`, EEXIST among others. */
  static begin(path: string): CaptureWriter {
    return new CaptureWriter(path, createWriteStream(path, { flags: "wx", mode: 0o600 }));
  }

  /** @throws the system's error where the file cannot be opened */
  static async create(path: string): Promise<CaptureWriter> {
    const writer = CaptureWriter.begin(path);
    await once(writer.#stream, "open");
    return writer;
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
