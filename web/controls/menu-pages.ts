import type { SluicePlayerElement } from "../element/sluice-player.ts";
import type { LatencyMode } from "../player/options.ts";
import type { QualitySetting } from "../player/player-quality.ts";
import type { PlayerTrack } from "../player/player-tracks.ts";
import { CAPTION_STYLES, type CaptionStyle } from "./caption-style.ts";
import type { Language } from "./language.ts";
import type { MenuItem, MenuPage } from "./menu.ts";
import { textTrackName, trackName } from "./phrases.ts";

/** What is held in each mode, as in the player's `LATENCY_MODES`, which must not be loaded apart. */
const LATENCIES: Readonly<Record<LatencyMode, string>> = {
  instant: "0 ms",
  low: "100 ms",
  balanced: "300 ms",
  smooth: "1 s",
};

/** What the menus do beside what the player does. */
export type MenuHost = {
  readonly element: Pick<SluicePlayerElement, "player" | "latency">;
  readonly language: () => Language;
  readonly captionStyle: () => CaptionStyle;
  setCaptionStyle(style: CaptionStyle): void;
  openStatistics(): void;
  openShortcuts(): void;
  saveSnapshot(): void;
};

/** Settings: each with what is chosen now; those that leave no choice are left out. */
export function settingsPage(host: MenuHost): MenuPage {
  const { say } = speaker(host);
  const player = host.element.player;
  const items: MenuItem[] = [];
  if (player !== undefined) {
    for (const page of [() => qualityPage(host), () => audioPage(host), () => latencyPage(host)]) {
      const { title, items: choices } = page();
      const chosen = choices.find(({ isChosen }) => isChosen)?.label;
      if (choices.length < 2) continue;
      items.push({ label: title, ...(chosen === undefined ? {} : { hint: chosen }), opens: page });
    }
    if (player.textTracks.length > 0) {
      items.push({ label: say("captionStyle"), opens: () => captionStylePage(host) });
    }
    if (player.state.name === "live") {
      const narrow = { part: "narrow" };
      items.push({ label: say("snapshot"), run: () => host.saveSnapshot(), ...narrow });
    }
  }
  items.push({ label: say("statistics"), run: () => host.openStatistics() });
  items.push({ label: say("shortcuts"), run: () => host.openShortcuts(), part: "with-keys" });
  return { title: say("settings"), items };
}

/** Captions and subtitles, and how they look. */
export function captionsPage(host: MenuHost): MenuPage {
  const { say, language } = speaker(host);
  const player = host.element.player;
  const tracks = player?.textTracks ?? [];
  const isAny = tracks.some(({ isSelected }) => isSelected);
  const choose = (id: string | undefined) => () => player?.selectTextTrack(id);
  return {
    title: say("captions"),
    items: [
      { label: say("off"), isChosen: !isAny, run: choose(undefined) },
      ...tracks.map((track) => ({
        label: textTrackName(language, track),
        isChosen: track.isSelected,
        run: choose(track.id),
      })),
      { label: say("captionStyle"), opens: () => captionStylePage(host) },
    ],
  };
}

function qualityPage(host: MenuHost): MenuPage {
  const { say } = speaker(host);
  const player = host.element.player;
  const tracks = (player?.tracks ?? []).filter(({ mediaType }) => mediaType === "video");
  if (player === undefined || tracks.length < 2) return { title: say("quality"), items: [] };
  const set = (quality: QualitySetting) => () => {
    player.quality = quality;
  };
  const playing = tracks.find(({ isSelected }) => isSelected);
  const isAuto = player.quality === "auto";
  const hint = isAuto && playing !== undefined ? { hint: qualityName(playing, tracks) } : {};
  return {
    title: say("quality"),
    items: [
      { label: say("auto"), isChosen: isAuto, run: set("auto"), ...hint },
      ...tracks.map((track) => ({
        label: qualityName(track, tracks),
        isChosen: player.quality === track.id,
        run: set(track.id),
      })),
    ],
  };
}

function audioPage(host: MenuHost): MenuPage {
  const { say, language } = speaker(host);
  const player = host.element.player;
  const tracks = (player?.tracks ?? []).filter(({ mediaType }) => mediaType === "audio");
  return {
    title: say("audioTrack"),
    items: tracks.map((track, index) => ({
      label: trackName(language, track) ?? say("track", { number: index + 1 }),
      isChosen: track.isSelected,
      run: () => player?.selectTracks([track.id]),
    })),
  };
}

function latencyPage(host: MenuHost): MenuPage {
  const { say } = speaker(host);
  const now = host.element.latency;
  const modes = Object.keys(LATENCIES) as LatencyMode[];
  const items: MenuItem[] = modes.map((mode) => ({
    label: say(mode),
    hint: LATENCIES[mode],
    isChosen: now === mode,
    run: () => {
      host.element.latency = mode;
    },
  }));
  if (typeof now === "number") items.push({ label: `${now} ms`, isChosen: true });
  return { title: say("latency"), items };
}

function captionStylePage(host: MenuHost): MenuPage {
  const { say } = speaker(host);
  const names = Object.keys(CAPTION_STYLES) as (keyof CaptionStyle)[];
  return {
    title: say("captionStyle"),
    items: names.map((name) => ({
      label: say(name),
      hint: say(host.captionStyle()[name]),
      opens: () => captionChoicePage(host, name),
    })),
  };
}

function captionChoicePage(host: MenuHost, name: keyof CaptionStyle): MenuPage {
  const { say } = speaker(host);
  const style = host.captionStyle();
  const choices = Object.keys(CAPTION_STYLES[name]) as CaptionStyle[typeof name][];
  return {
    title: say(name),
    items: choices.map((choice) => ({
      label: say(choice),
      isChosen: style[name] === choice,
      run: () => host.setCaptionStyle({ ...style, [name]: choice }),
    })),
  };
}

/** "1080p 60", "720p"; two of a size are told apart by their names. */
export function qualityName(track: PlayerTrack, all: readonly PlayerTrack[]): string {
  const name = sizeName(track) ?? (track.name || `#${track.id}`);
  const isOnly = all.every((other) => other.id === track.id || sizeName(other) !== name);
  return isOnly ? name : `${name} · ${track.name || `#${track.id}`}`;
}

function sizeName({ width = 0, height = 0, frameRate = 0 }: PlayerTrack): string | undefined {
  if (height === 0) return undefined;
  const lines = `${Math.min(width || height, height)}p`;
  return frameRate > 31 ? `${lines} ${Math.round(frameRate)}` : lines;
}

function speaker(host: MenuHost): { say: Language["say"]; language: Language } {
  const language = host.language();
  return { language, say: language.say.bind(language) };
}
