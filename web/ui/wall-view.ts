import type { StreamList } from "../../server/protocol/wire/stream-list.ts";
import { PREVIEWS, PreviewChoice } from "../control/preview-choice.ts";
import { wallGrid } from "../control/wall-grid.ts";
import { arrange, concern, isWallSort, type WallSort } from "../control/wall-order.ts";
import { fetchHealth } from "../stream-list.ts";
import { byId, setText } from "./elements.ts";
import { formatViewers } from "./format.ts";
import { Posters } from "./posters.ts";
import { Previews } from "./previews.ts";
import { PublishView } from "./publish-view.ts";
import { WallCard } from "./wall-card.ts";

/** So many streams can be overlooked without a search. */
const FEW = 6;

/** By figures that change the wall is sorted anew no more often than this, ms. */
const REORDER = 8_000;

/** How often it is looked whether another preview is to play, ms. */
const LOOK = 200;

/** On a wall display nothing but pictures is seen after this long (ms) without a move. */
const RESTING = 3_000;

/** What was chosen on this page is chosen here again. */
const SORT_KEY = "sluice.wall.sort";
const PREVIEWS_KEY = "sluice.wall.previews";

/** The dashboard: a card for each live stream, and how to publish one; or a wall of pictures alone. */
export class WallView {
  readonly #list: HTMLElement;
  readonly #base: URL;
  readonly #isWall: boolean;
  readonly #posters: Posters;
  readonly #previews: Previews;
  readonly #choice: PreviewChoice;
  readonly #publish: PublishView;
  readonly #sort: HTMLSelectElement = byId("sort", HTMLSelectElement);
  readonly #search: HTMLInputElement = byId("search", HTMLInputElement);
  readonly #switch: HTMLButtonElement = byId("previews", HTMLButtonElement);
  readonly #seen = new Set<string>();
  readonly #toldOf = new Set<string>();
  #cards = new Map<string, WallCard>();
  /** Of all cards, when they were arranged. */
  #arranged = 0;
  /** Cards that fit the search, as they lie on the page. */
  #shown: readonly WallCard[] = [];
  #orderedAt = 0;
  #told: Promise<void> = Promise.resolve();

  /** @param isWall nothing but pictures, for a display that everybody sees */
  constructor(list: HTMLElement, base: URL, { isWall = false }: { isWall?: boolean } = {}) {
    this.#list = list;
    this.#base = base;
    this.#isWall = isWall;
    this.#posters = new Posters(base, (path, isSeen) => this.#onSeen(path, isSeen));
    this.#previews = new Previews(base);
    this.#choice = new PreviewChoice(isWall ? PREVIEWS.wall : PREVIEWS.page);
    this.#publish = new PublishView(base);
    document.body.classList.toggle("wall-display", isWall);
    this.#furnish();
    addEventListener("resize", () => this.#fit());
    setInterval(() => this.#preview(), LOOK);
  }

  /** @param now ms since 1970, to count uptimes on from */
  show(list: StreamList, now: number): void {
    const { streams } = list;
    this.#summarize(list);
    byId("empty", HTMLElement).hidden = streams.length > 0;
    byId("lost", HTMLElement).hidden = true;
    byId("toolbar", HTMLElement).hidden = streams.length === 0;
    byId("finding", HTMLElement).hidden = streams.length <= FEW;
    if (streams.length <= FEW) this.#search.value = "";
    const before = this.#cards;
    this.#cards = new Map();
    for (const stream of streams) {
      const card = before.get(stream.path) ?? this.#makeCard(stream);
      before.delete(stream.path);
      this.#cards.set(stream.path, card);
      // A second that was pushed a little late is missed: nothing is lost by asking.
      const lacks = card.show(stream, now);
      if (lacks || stream.health === undefined) this.#toldOf.delete(stream.path);
      if (lacks) this.#tell(stream.path);
    }
    for (const [path, { element }] of before) {
      element.remove();
      this.#posters.remove(path);
      this.#onSeen(path, false);
      this.#toldOf.delete(path);
    }
    const isOther = before.size > 0 || this.#arranged !== this.#cards.size;
    if (isOther || (now - this.#orderedAt > REORDER && !this.#isUsed)) this.#arrange(now);
    for (const stream of streams) this.#posters.update(stream);
    this.#publish.show(list);
  }

  /** The server cannot be reached: what is shown is old. */
  lost(): void {
    byId("lost", HTMLElement).hidden = false;
  }

  tick(now: number): void {
    for (const card of this.#cards.values()) card.tick(now);
  }

  #furnish(): void {
    const sort = recall(SORT_KEY);
    this.#sort.value = sort !== undefined && isWallSort(sort) ? sort : "name";
    this.#sort.onchange = () => {
      remember(SORT_KEY, this.#sort.value);
      this.#arrange(Date.now());
    };
    this.#search.oninput = () => this.#arrange(Date.now());
    this.#choice.isOn = this.#isWall || recall(PREVIEWS_KEY) === "on";
    this.#switch.onclick = () => {
      this.#choice.isOn = !this.#choice.isOn;
      remember(PREVIEWS_KEY, this.#choice.isOn ? "on" : "off");
      this.#showSwitch();
    };
    this.#showSwitch();
    if (!this.#isWall) return;
    stayAwake();
    showLeaving();
  }

  #showSwitch(): void {
    this.#switch.ariaChecked = String(this.#choice.isOn);
  }

  #summarize({ streams }: StreamList): void {
    const viewers = streams.reduce((sum, stream) => sum + stream.viewers.total, 0);
    const live = streams.filter(({ state }) => state === "live").length;
    const ill = streams.filter((stream) => concern(stream) > 1).length;
    const parts = [`${live} live`, formatViewers(viewers)];
    if (ill > 0) parts.push(`${ill} ${ill === 1 ? "needs" : "need"} attention`);
    const summary = byId("summary", HTMLElement);
    summary.hidden = false;
    setText(summary, streams.length === 0 ? "Nothing on air" : parts.join(" · "));
  }

  #makeCard(stream: StreamList["streams"][number]): WallCard {
    const { path } = stream;
    const parts = path.split("/").map(encodeURIComponent).join("/");
    const href = new URL(`watch/${parts}`, this.#base).href;
    const card = new WallCard(stream, this.#posters.place(stream), href);
    const point = (isThere: boolean) => {
      if (isThere && !mayMove()) return;
      this.#choice.point(isThere ? path : undefined, performance.now());
    };
    const { element } = card;
    element.addEventListener("pointerenter", ({ pointerType }) => point(pointerType === "mouse"));
    element.addEventListener("pointerleave", () => point(false));
    element.addEventListener("focusin", () =>
      point(element.querySelector(":focus-visible") !== null),
    );
    element.addEventListener("focusout", () => point(false));
    return card;
  }

  /** Somebody points at a card, or works on one: nothing is to move from below the hand. */
  get #isUsed(): boolean {
    return this.#list.matches(":hover") || this.#list.contains(document.activeElement);
  }

  #arrange(now: number): void {
    this.#orderedAt = now;
    const sort: WallSort = isWallSort(this.#sort.value) ? this.#sort.value : "name";
    const streams = [...this.#cards.values()].map(({ stream }) => stream);
    const shown = arrange(streams, { sort, query: this.#search.value });
    this.#arranged = streams.length;
    const cards = shown.flatMap(({ path }) => this.#cards.get(path) ?? []);
    cards.forEach(({ element }, index) => {
      if (this.#list.children[index] === element) return;
      this.#list.insertBefore(element, this.#list.children[index] ?? null);
    });
    const found = new Set(cards);
    for (const card of this.#cards.values()) card.element.hidden = !found.has(card);
    for (const card of this.#cards.values()) if (!found.has(card)) this.#list.append(card.element);
    const none = byId("none-found", HTMLElement);
    none.hidden = cards.length > 0 || streams.length === 0;
    this.#shown = cards;
    this.#fit();
  }

  /** On a wall display all pictures are on the screen at once. */
  #fit(): void {
    if (!this.#isWall) return;
    const { columns, rows } = wallGrid(this.#cards.size, innerWidth, innerHeight);
    this.#list.style.setProperty("--columns", String(columns));
    this.#list.style.setProperty("--rows", String(rows));
  }

  #onSeen(path: string, isSeen: boolean): void {
    this.#choice.setSeen(path, isSeen);
    if (isSeen) this.#seen.add(path);
    else this.#seen.delete(path);
    this.#tell(path);
  }

  /** Has the graphs of a card that is seen filled with what was before. */
  #tell(path: string): void {
    if (!this.#seen.has(path) || this.#toldOf.has(path)) return;
    if (this.#cards.get(path)?.stream.health === undefined) return; // nobody publishes it
    this.#toldOf.add(path);
    const url = new URL(
      `api/v1/streams/${path.split("/").map(encodeURIComponent).join("/")}/health`,
      this.#base,
    );
    // One after the other: a graph that is filled a little later harms nobody.
    this.#told = this.#told
      .then(() => fetchHealth(url.href))
      .then(({ health }) => this.#cards.get(path)?.fill(health))
      .catch(() => undefined);
  }

  #preview(): void {
    const order = this.#shown.filter(({ isShowable }) => isShowable);
    const chosen = document.hidden
      ? []
      : this.#choice.choose(
          order.map(({ stream }) => stream.path),
          performance.now(),
        );
    this.#previews.play(
      new Map(
        chosen.flatMap((path) => {
          const card = this.#cards.get(path);
          return card === undefined ? [] : [[path, card.picture] as const];
        }),
      ),
    );
  }
}

/** Whether pictures may begin to move and be loaded without having been asked for. */
const mayMove = (): boolean =>
  !matchMedia("(prefers-reduced-motion: reduce), (prefers-reduced-data: reduce)").matches &&
  !("connection" in navigator && Reflect.get(Object(navigator.connection), "saveData") === true);

/** A wall display does not go dark. Browsers take the lock back when the page is hidden. */
function stayAwake(): void {
  const ask = () => {
    if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => undefined);
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}

/** The way back is there for who moves a pointer or reaches it by keys, and gone again soon. */
function showLeaving(): void {
  const link = document.querySelector(".leave-wall");
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wake = () => {
    link?.classList.add("on");
    document.body.classList.remove("resting");
    clearTimeout(timer);
    timer = setTimeout(() => {
      link?.classList.remove("on");
      document.body.classList.add("resting");
    }, RESTING);
  };
  addEventListener("pointermove", wake);
  wake();
}

/** Some browsers give a page no storage: then nothing is remembered. */
function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It holds until the page is closed.
  }
}
