import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Pushing, type PushTarget } from "../endpoint/relay/pushing.ts";
import type { Clock } from "../live/clock.ts";
import type { Log } from "../log.ts";
import { PACKAGE_ROOT } from "../package-root.ts";
import { looped, readClip } from "./looped-clip.ts";

/** The clip that is published: a running counter and a tone. */
const CLIP = join(PACKAGE_ROOT, "public/demo/clip.flv");

/** Tags leave this long before they are due, so that a late timer is not seen. */
const AHEAD = 5;

/**
 * Publishes the bundled clip over RTMP, over and over, as an encoder would.
 *
 * @returns stops it, in order
 * @throws the system's error where the clip cannot be read; what `Pushing.open` throws
 */
export async function publishDemo(
  target: PushTarget,
  { clock, log }: { clock: Clock; log: Log },
): Promise<() => void> {
  const tags = looped(readClip(await readFile(CLIP)));
  let cancel = (): void => {};
  const pushing = await Pushing.open(target, randomBytes, (error) => {
    cancel();
    log.warn(`demo ended: ${error.message}`, { code: "DEMO" });
  });
  const start = clock.now();
  let next = tags.next();
  const send = (): void => {
    while (next.done !== true && next.value.at <= clock.now() - start + AHEAD) {
      const { tag, at } = next.value;
      pushing.send(tag, at % 2 ** 32);
      next = tags.next();
    }
    if (next.done === true) return;
    cancel = clock.after(Math.max(1, next.value.at - (clock.now() - start)), send);
  };
  send();
  return () => {
    cancel();
    pushing.finish();
  };
}
