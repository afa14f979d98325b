#!/usr/bin/env node
/**
 * Brings what the tests need and npm does not install: ffmpeg, a browser, and the heavy test
 * clients with a package of their own. With the argument `matrix` also the other publishers.
 *
 * On Debian and Ubuntu, as root, it installs what is missing; elsewhere it names what to install
 * and exits with 1. Nothing missing: nothing happens.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** What is needed, how to see that it is there, and the Debian packages that bring it. */
const BASE = [
  { name: "openssl", found: () => command("openssl"), packages: ["openssl"] },
  { name: "curl with RTMP", found: () => speaks("curl", "rtmp"), packages: ["curl"] },
  { name: "rtmpdump", found: () => command("rtmpdump"), packages: ["rtmpdump"] },
  { name: "ffmpeg", found: () => command("ffmpeg"), packages: ["ffmpeg"] },
  { name: "ffprobe", found: () => command("ffprobe"), packages: ["ffmpeg"] },
  {
    name: "Chromium (or another build of it, named by the environment's CHROMIUM)",
    found: () => existsSync(process.env.CHROMIUM ?? "/usr/bin/chromium"),
    packages: ["chromium", "fonts-dejavu-core"],
  },
];

const MATRIX = [
  { name: "GStreamer", found: () => command("gst-launch-1.0"), packages: ["gstreamer1.0-tools"] },
  ...[
    ["flvdemux", "gstreamer1.0-plugins-good"],
    ["flvmux", "gstreamer1.0-plugins-good"],
    ["h264parse", "gstreamer1.0-plugins-bad"],
    ["rtmp2sink", "gstreamer1.0-plugins-bad"],
    ["rtmp2src", "gstreamer1.0-plugins-bad"],
    ["rtmpsink", "gstreamer1.0-plugins-bad"],
    ["rtmpsrc", "gstreamer1.0-plugins-bad"],
    ["aacparse", "gstreamer1.0-plugins-good"],
    ["videoconvert", "gstreamer1.0-plugins-base"],
    ["x264enc", "gstreamer1.0-plugins-ugly"],
    ["avenc_aac", "gstreamer1.0-libav"],
  ].map(([element, from]) => ({
    name: `GStreamer's ${element}`,
    found: () => run("gst-inspect-1.0", ["--exists", element]),
    packages: [from],
  })),
  { name: "VLC", found: () => command("cvlc"), packages: ["vlc-bin", "vlc-plugin-base"] },
  { name: "OBS Studio", found: () => command("obs"), packages: ["obs-studio", "obs-plugins"] },
  { name: "unshare", found: () => command("unshare"), packages: ["util-linux"] },
  {
    name: "Firefox ESR",
    found: () => existsSync(process.env.FIREFOX ?? "/usr/bin/firefox-esr"),
    packages: ["firefox-esr"],
  },
  {
    name: "WebKitGTK's driver",
    found: () => command("WebKitWebDriver"),
    packages: ["webkit2gtk-driver", "gstreamer1.0-libav", "gstreamer1.0-plugins-bad"],
  },
  {
    name: "PulseAudio",
    found: () => command("pulseaudio") && run("gst-inspect-1.0", ["--exists", "pulsesink"]),
    packages: ["pulseaudio", "gstreamer1.0-pulseaudio"],
  },
  { name: "Xvfb", found: () => command("Xvfb"), packages: ["xvfb"] },
];

/** Whether a program lies on the PATH. */
function command(name) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const run = (name, args) => spawnSync(name, args, { stdio: "ignore" }).status === 0;

function speaks(name, protocol) {
  const { stdout } = spawnSync(name, ["--version"], { encoding: "utf8" });
  return new RegExp(`^Protocols:.*\\b${protocol}\\b`, "m").test(stdout ?? "");
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Installs what `needs` lacks, or says what to install. */
function provide(needs) {
  const missing = needs.filter(({ found }) => !found());
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((need) => need.packages))];
  const names = missing.map(({ name }) => `  ${name}`).join("\n");
  const byHand = `The tests need\n${names}\nOn Debian: apt-get install ${packages.join(" ")}`;
  if (process.getuid?.() !== 0 || !command("apt-get")) fail(byHand);
  process.stderr.write(`Installing ${packages.join(" ")}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args) => {
    const { status } = spawnSync("apt-get", ["-qq", ...args], {
      env,
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (status !== 0) fail(`apt-get ${args.join(" ")} exited with ${status}\n${byHand}`);
  };
  apt("update");
  apt("install", "-y", "--no-install-recommends", ...packages);
  const still = needs.filter(({ found }) => !found()).map(({ name }) => `  ${name}`);
  if (still.length > 0) fail(`Still missing after the installation:\n${still.join("\n")}`);
}

/** Brings `test/clients/node_modules` in line with its lockfile. No install script is run. */
function provideClients() {
  const folder = join(import.meta.dirname, "clients");
  const hash = createHash("sha256");
  for (const file of ["package.json", "package-lock.json"]) {
    hash.update(readFileSync(join(folder, file)));
  }
  const wanted = hash.digest("hex");
  const stamp = join(folder, "node_modules/.installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  process.stderr.write("Installing the test clients\n");
  const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) fail(`npm ci in test/clients exited with ${npm.status}`);
  writeFileSync(stamp, wanted);
}

provide(BASE);
provideClients();
if (process.argv[2] === "matrix") provide(MATRIX);
