import type { ListedRecording, RecordingList } from "../../server/protocol/wire/recording-list.ts";
import type { ListedStream } from "../../server/protocol/wire/stream-list.ts";
import { byId, make, setText } from "./elements.ts";
import { formatSize, formatSpan } from "./format.ts";
import { endWords, summaryWords, RECORDING_WORDS as WORDS } from "./recording-words.ts";
import { codecName } from "./words.ts";

/** What the page asks of the server. */
export type RecordingActions = {
  start(streamPath: string): void;
  stop(id: string): void;
  delete(id: string): void;
};

/** A row of the list, and what of it changes. */
type Row = {
  readonly element: HTMLElement;
  readonly still: HTMLElement;
  readonly badge: HTMLElement;
  readonly line: HTMLElement;
  readonly note: HTMLElement;
  readonly play: HTMLButtonElement;
  readonly stop: HTMLButtonElement;
  readonly remove: HTMLButtonElement;
  recording: ListedRecording;
};

/** How long (ms) a button asks whether it was meant. */
const DOUBT = 4_000;

/** The recordings, the newest first, and what is on air without being recorded. */
export class RecordingsView {
  readonly #base: URL;
  readonly #actions: RecordingActions;
  readonly #list: HTMLElement = byId("recordings", HTMLElement);
  readonly #lost: HTMLElement = byId("lost", HTMLElement);
  #rows = new Map<string, Row>();
  #playing: Row | undefined;

  constructor(base: URL, actions: RecordingActions) {
    this.#base = base;
    this.#actions = actions;
  }

  show({ recordings, next, mayChange }: RecordingList): void {
    this.#lost.hidden = true;
    const before = this.#rows;
    this.#rows = new Map();
    for (const recording of recordings) {
      const row = before.get(recording.id) ?? this.#makeRow(recording);
      before.delete(recording.id);
      this.#rows.set(recording.id, row);
      row.recording = recording;
      this.#fill(row, mayChange);
    }
    for (const row of before.values()) {
      if (this.#playing === row) this.#playing = undefined;
      row.element.remove();
    }
    let index = 0;
    for (const { element } of this.#rows.values()) {
      const there = this.#list.children[index] ?? null;
      if (there !== element) this.#list.insertBefore(element, there);
      index += 1;
    }
    const bytes = recordings.reduce((sum, one) => sum + one.bytes, 0);
    const summary = byId("summary", HTMLElement);
    summary.hidden = recordings.length === 0;
    setText(summary, summaryWords(recordings.length, formatSize(bytes), next !== null));
    byId("empty", HTMLElement).hidden = recordings.length > 0;
    byId("older", HTMLElement).hidden = next === null;
  }

  /** Streams that could be recorded, where who looks may do so. */
  showStreams(streams: readonly ListedStream[]): void {
    const list = byId("streams", HTMLElement);
    const shown = [...list.children].map((item) => item.firstElementChild?.textContent);
    const paths = streams.map(({ path }) => path);
    byId("on-air", HTMLElement).hidden = paths.length === 0;
    if (shown.join("\n") === paths.join("\n")) return;
    list.replaceChildren(
      ...paths.map((path) => {
        const item = make("li");
        const button = make("button", "copy", WORDS.record);
        button.type = "button";
        button.onclick = () => this.#actions.start(path);
        item.append(make("span", "", path), button);
        return item;
      }),
    );
  }

  /** Something did not work: the server cannot be reached, or does not want to. */
  tell(words: string): void {
    setText(this.#lost, words);
    this.#lost.hidden = false;
  }

  #makeRow(recording: ListedRecording): Row {
    const { id, streamPath } = recording;
    const element = make("article", "recording");
    const still = make("div", "still");
    const body = make("div", "recording-body");
    const head = make("div", "recording-line");
    const badge = make("span", "badge");
    const time = make("time", "", formatDate(recording.startedAt));
    time.dateTime = recording.startedAt;
    const line = make("p", "recording-line");
    const note = make("p", "recording-note");
    head.append(badge, time);
    body.append(head, make("h2", "", streamPath), line, note);
    const play = this.#button(WORDS.play, streamPath, () => this.#toggle(id));
    play.classList.add("first");
    const download = make("a", "copy", WORDS.download);
    download.href = this.#url(id, "recording.mp4?download");
    download.setAttribute("aria-label", `${WORDS.download}: ${streamPath}`);
    const stop = this.#button(WORDS.stop, streamPath, () => this.#actions.stop(id));
    const remove = this.#button(WORDS.delete, streamPath, () => this.#doubt(id));
    const buttons = make("div", "recording-buttons");
    buttons.append(play, download, stop, remove);
    element.append(still, body, buttons);
    return { element, still, badge, line, note, play, stop, remove, recording };
  }

  #button(words: string, streamPath: string, press: () => void): HTMLButtonElement {
    const button = make("button", "copy", words);
    button.type = "button";
    button.setAttribute("aria-label", `${words}: ${streamPath}`);
    button.onclick = press;
    return button;
  }

  #fill(row: Row, mayChange: boolean): void {
    const { recording, badge, line, note, play, stop, remove, still } = row;
    const { state, duration, bytes, tracks } = recording;
    badge.dataset["state"] = state;
    setText(badge, WORDS.states[state]);
    const codecs = tracks.map(({ codec, width, height }) =>
      width === undefined ? codecName(codec) : `${codecName(codec)} ${width} × ${height}`,
    );
    const facts = [formatSpan(duration * 1_000), formatSize(bytes), ...codecs];
    setText(line, facts.join(" · "));
    if (row !== this.#playing) setText(note, endWords(recording));
    play.disabled = tracks.length === 0;
    stop.hidden = !mayChange || state !== "recording";
    remove.hidden = !mayChange || state === "recording";
    const hasPicture = tracks.some(({ mediaType }) => mediaType === "video");
    if (hasPicture && still.firstElementChild === null) this.#showStill(row);
  }

  /** Its first picture. */
  #showStill({ still, recording }: Row): void {
    const video = make("video");
    video.muted = true;
    video.playsInline = true;
    video.preload = "metadata";
    video.tabIndex = -1;
    video.setAttribute("aria-hidden", "true");
    video.src = this.#url(recording.id, "poster.mp4");
    video.addEventListener("error", () => video.remove(), { once: true });
    still.replaceChildren(video);
  }

  #toggle(id: string): void {
    const row = this.#rows.get(id);
    const playing = this.#playing;
    if (playing !== undefined) this.#close(playing);
    if (row === undefined || row === playing) return;
    this.#playing = row;
    row.element.classList.add("playing");
    setText(row.play, WORDS.close);
    const video = make("video");
    video.controls = true;
    video.autoplay = true;
    video.playsInline = true;
    video.src = this.#url(id, "recording.mp4");
    video.addEventListener("error", () => setText(row.note, WORDS.cannotPlay));
    row.still.replaceChildren(video);
    video.focus();
  }

  #close(row: Row): void {
    this.#playing = undefined;
    row.element.classList.remove("playing");
    setText(row.play, WORDS.play);
    setText(row.note, endWords(row.recording));
    row.still.replaceChildren();
    this.#showStill(row);
  }

  /** The first press asks, the second deletes. */
  #doubt(id: string): void {
    const button = this.#rows.get(id)?.remove;
    if (button === undefined) return;
    if (button.classList.contains("sure")) {
      this.#actions.delete(id);
      return;
    }
    button.classList.add("sure");
    setText(button, WORDS.sure);
    setTimeout(() => {
      button.classList.remove("sure");
      setText(button, WORDS.delete);
    }, DOUBT);
  }

  #url(id: string, name: string): string {
    return new URL(`recordings/${encodeURIComponent(id)}/${name}`, this.#base).href;
  }
}

const formatDate = (iso: string): string =>
  new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
