import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A process of the bench that does one thing when asked. */
export type Helper<Request, Answer> = {
  readonly pid: number;
  /** One question at a time. */
  ask(request: Request): Promise<Answer>;
  stop(): Promise<void>;
};

/** The files of this folder that are processes of their own. */
export type HelperName =
  | "relay"
  | "replay"
  | "crowd"
  | "ingest"
  | "hls-crowd"
  | "hls-floor"
  | "hls-origin";

const BUNDLES = join(import.meta.dirname, "../.cache/bundles/bench");

/** Starts `NAME.ts` of this folder, as bundled. It ends when this process does. */
export function startHelper<Request extends object, Answer>(
  name: HelperName,
): Helper<Request, Answer> {
  const child = fork(join(BUNDLES, `${name}.mjs`), { serialization: "advanced" });
  const exited = once(child, "exit");
  const failed = exited.then(([code]) => {
    throw new Error(`The bench's ${name} exited with ${code}`);
  });
  failed.catch(() => {}); // told to whoever asks
  return {
    pid: child.pid ?? 0,
    ask: async (request) => {
      const answer = once(child, "message");
      child.send(request);
      const [message] = await Promise.race([answer, failed]);
      return message as Answer;
    },
    stop: async () => {
      child.disconnect();
      await exited;
    },
  };
}

/** What a helper's process does with each question. */
export function answer<Request, Answer>(reply: (request: Request) => Promise<Answer>): void {
  process.on("message", async (request) => {
    process.send?.(await reply(request as Request));
  });
  process.on("disconnect", () => process.exit(0));
}
