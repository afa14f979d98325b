import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Child, startChild } from "../support/child.ts";
import { counterClip } from "../support/counter-clip.ts";
import { publishWithFfmpeg } from "../support/ffmpeg.ts";
import { type RunningSluice, startSluice } from "../support/sluice.ts";

// VLC as a person has it, playing by its clock; what it is given is another row's affair.

let server: RunningSluice;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-vlc-"));
  chmodSync(folder, 0o777); // VLC writes there, and does not run as root
  server = await startSluice(["--grace-period", "3", "--log-level", "debug"]);
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const SECONDS = 4;

test.each(["live.flv", "live.mp4"])("VLC shows and sounds %s", async (resource) => {
  const name = `vlc-${resource.slice(5)}`;
  const input = await counterClip({ video: "h264", audio: "aac", bFrames: 2, seconds: SECONDS });
  const heard = join(folder, `${name}.wav`);
  const vlc = startVlc(server.httpUrl(`/streams/live/${name}/${resource}`), heard);
  try {
    await server.child.line(new RegExp(`"live/${name}".*viewer came`));
    const publisher = publishWithFfmpeg({ input, url: server.rtmpUrl(`live/${name}`), loops: 2 });
    expect((await publisher.child.exited).code).toBe(0);
    expect((await vlc.exited).code, vlc.stderr()).toBe(0);
    expect(vlc.stderr()).toContain("Received first picture");
    // What comes at the wrong time is not heard: of eight seconds some go to its own buffers.
    const bytesPerSecond = 48_000 * 2 * 2;
    expect(statSync(heard).size / bytesPerSecond).toBeGreaterThan(SECONDS);
  } finally {
    await vlc.stop("SIGKILL");
  }
});

/** Sound goes to a file, pictures nowhere. */
function startVlc(url: string, heard: string): Child {
  const isRoot = process.getuid?.() === 0;
  const nobody = 65_534;
  const sound = ["--aout=afile", `--audiofile-file=${heard}`];
  const args = ["-vv", "-I", "dummy", "--vout=dummy", ...sound, url, "vlc://quit"];
  return startChild("cvlc", args, {
    env: { ...process.env, HOME: folder },
    ...(isRoot ? { uid: nobody, gid: nobody } : {}),
  });
}
