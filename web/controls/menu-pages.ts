import type { MediaFace } from "../element/media-face.ts";
import type { LatencyMode } from "../player/options.ts";
import type { PlayerQuality } from "../player/player-quality.ts";
import { formatBitrate } from "../ui/format.ts";
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
  readonly element: Pick<MediaFace, "player" | "latency">;
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
  const title = say("quality");
  const qualities = player?.qualities ?? [];
  if (player === undefined || qualities.length < 2) return { title, items: [] };
  const rates = new Map(player.tracks.map(({ id, frameRate = 0 }) => [id, frameRate]));
  const named = qualities.map((one) => ({ ...one, frameRate: rates.get(one.id) ?? 0 }));
  const active = named.find(({ isActive }) => isActive);
  const isAuto = player.quality === "auto";
  const auto =
    isAuto && active !== undefined
      ? say("autoNow", { name: qualityName(active, named) })
      : say("auto");
  const choose = (quality: number | "auto") => () => {
    player.quality = quality;
  };
  const fixed = named.map((one) => ({
    label: qualityName(one, named),
    isChosen: player.quality === one.id,
    run: choose(one.id),
    ...(one.bitrate > 0 ? { hint: formatBitrate(one.bitrate) } : {}),
  }));
  return { title, items: [{ label: auto, isChosen: isAuto, run: choose("auto") }, ...fixed] };
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

type NamedQuality = Pick<PlayerQuality, "id" | "name" | "width" | "height"> & {
  readonly frameRate: number;
};

/** "1080p 60", "720p"; two of a size are told apart by their names. */
export function qualityName(quality: NamedQuality, all: readonly NamedQuality[]): string {
  const own = quality.name || `#${quality.id}`;
  const size = sizeName(quality);
  if (size === undefined) return own;
  const isOnly = all.every((other) => other.id === quality.id || sizeName(other) !== size);
  return isOnly ? size : `${size} · ${own}`;
}

function sizeName({ width, height, frameRate }: NamedQuality): string | undefined {
  if (height === 0) return undefined;
  const lines = `${Math.min(width || height, height)}p`;
  return frameRate > 31 ? `${lines} ${Math.round(frameRate)}` : lines;
}

function speaker(host: MenuHost): { say: Language["say"]; language: Language } {
  const language = host.language();
  return { language, say: language.say.bind(language) };
}
