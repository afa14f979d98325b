import type Hls from "hls.js";
import type { MediaPlaylist } from "hls.js";
import { textIdOf, trackIdOf } from "./hls-playlist.ts";
import type { NamedText } from "./surface.ts";

/** Which renditions hls.js plays, by the numbers of the live stream's tracks. */
export class HlsTracks {
  #hls: Hls | undefined;
  /** Chosen, and not seen in a playlist yet. */
  #chosen: readonly number[] = [];
  /** What the picture begins with, until it is adapted. */
  #first: readonly number[] = [];
  #textId: string | undefined;

  /** hls.js is there; it knows no tracks before it has read a playlist. */
  attach(hls: Hls | undefined): void {
    this.#hls = hls;
  }

  /** The tracks that play; where the browser plays HLS by itself, it does not tell. */
  get ids(): readonly number[] {
    const hls = this.#hls;
    if (hls === undefined) return [];
    const level = hls.levels[hls.currentLevel === -1 ? hls.nextLevel : hls.currentLevel];
    const sound = hls.audioTracks[hls.audioTrack]?.url;
    const isPicture = sound === undefined || level?.videoCodec !== undefined || level?.width !== 0;
    const urls = isPicture ? [level?.uri, sound] : [sound];
    return urls.flatMap((url) => trackIdOf(url ?? "") ?? []);
  }

  /** Captions and subtitles that the playlist lists. */
  get texts(): readonly NamedText[] {
    return (this.#hls?.subtitleTracks ?? []).flatMap((track) => {
      const id = textIdOf(track.url);
      return id === undefined ? [] : [namedText(id, track)];
    });
  }

  /** The text track that is loaded. */
  get textId(): string | undefined {
    return this.#textId;
  }

  /** Plays these tracks: a rendition of the picture without adapting it any more, a sound. */
  select(trackIds: readonly number[]): void {
    this.#chosen = trackIds;
    this.apply();
  }

  /** The picture is to begin with the first of these that is one, and be adapted from there on. */
  beginWith(trackIds: readonly number[]): void {
    this.#first = trackIds;
  }

  /** Adapts the picture to the line from now on. */
  adapt(): void {
    const hls = this.#hls;
    this.#chosen = this.#chosen.filter(
      (id) => !hls?.levels.some(({ uri }) => trackIdOf(uri) === id),
    );
    if (hls !== undefined) hls.loadLevel = -1;
  }

  /** Loads the texts of this track, and no others. */
  selectText(id: string | undefined): void {
    this.#textId = id;
    this.applyText();
  }

  /** There is a playlist: what was chosen before holds for it. */
  apply(): void {
    const hls = this.#hls;
    if (hls === undefined) return;
    const isChosen = (url: string) => this.#chosen.includes(trackIdOf(url) ?? -1);
    const first = hls.levels.findIndex(({ uri }) => this.#first.includes(trackIdOf(uri) ?? -1));
    if (first >= 0) hls.startLevel = first;
    this.#first = [];
    const sound = hls.allAudioTracks.find(({ url }) => isChosen(url));
    // A picture is listed once for each group of sounds, which are of one codec each.
    const isWithSound = (groups: readonly (string | undefined)[] | undefined) =>
      sound === undefined || groups === undefined || groups.includes(sound.groupId);
    const level = hls.levels.findIndex(
      ({ uri, audioGroups }) => isChosen(uri) && isWithSound(audioGroups),
    );
    if (level >= 0 && hls.nextLevel !== level) hls.nextLevel = level;
    if (sound !== undefined) hls.setAudioOption(sound);
  }

  /** The same for texts, now and then: hls.js forgets the choice with the level. */
  applyText(): void {
    const hls = this.#hls;
    if (hls === undefined) return;
    const index = hls.subtitleTracks.findIndex(({ url }) => textIdOf(url) === this.#textId);
    if (hls.subtitleTrack !== index) hls.subtitleTrack = index;
  }
}

const namedText = (id: string, { lang, name }: MediaPlaylist): NamedText => ({
  id,
  kind: /^(cc|service)\d/.test(id) ? "captions" : "subtitles",
  language: lang ?? "und",
  name,
});
