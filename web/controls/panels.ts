import type { PlayerStats } from "../player/player-stats.ts";
import { setText } from "../ui/elements.ts";
import type { FiguresOfMinute } from "./figures.ts";
import type { Language } from "./language.ts";
import type { Layout } from "./layout.ts";
import { makeShortcuts } from "./shortcuts.ts";
import type { StatisticsPanel } from "./statistics.ts";

/** What panels show, and where. */
export type PanelsHost = {
  readonly root: ShadowRoot;
  readonly layout: Layout;
  readonly minute: FiguresOfMinute;
  language(): Language;
  /** undefined where there is no player */
  stats(): PlayerStats | undefined;
};

/** What lies over the picture when somebody asks for it, one at a time: statistics, or keys and what they do. */
export class Panels {
  readonly #host: PanelsHost;
  #statistics: StatisticsPanel | undefined;
  #shortcuts: HTMLElement | undefined;
  #isOver = false;

  constructor(host: PanelsHost) {
    this.#host = host;
  }

  /** New figures, ms since the page began. */
  show(stats: PlayerStats, at: number): void {
    this.#statistics?.show(stats, this.#host.minute, at);
  }

  /** @param isAsked by the viewer, just now; the page may have asked, too */
  openStatistics(isAsked = true): void {
    this.close();
    // Few ever look at them.
    import("./statistics.ts").then(
      ({ StatisticsPanel }) => {
        if (this.#statistics !== undefined || this.#isOver) return;
        const { layout, language, stats } = this.#host;
        const panel = new StatisticsPanel(language(), {
          onClose: () => this.close(),
          onCopied: (words) => setText(layout.status, words),
        });
        this.#statistics = panel;
        this.#open(panel.element, isAsked);
        const now = stats();
        if (now !== undefined) this.show(now, performance.now());
      },
      () => undefined,
    );
  }

  openShortcuts(): void {
    this.close();
    this.#shortcuts = makeShortcuts(this.#host.language(), () => this.close());
    this.#open(this.#shortcuts);
  }

  toggleStatistics(): void {
    if (this.#statistics === undefined) this.openStatistics();
    else this.close();
  }

  toggleShortcuts(): void {
    if (this.#shortcuts === undefined) this.openShortcuts();
    else this.close();
  }

  /** @returns whether there was one */
  close(): boolean {
    const { root, layout } = this.#host;
    const panels = [this.#statistics?.element, this.#shortcuts].filter((one) => one !== undefined);
    const hadFocus = panels.some((panel) => panel.contains(root.activeElement));
    for (const panel of panels) panel.remove();
    this.#statistics = undefined;
    this.#shortcuts = undefined;
    if (hadFocus) layout.controller.focus({ preventScroll: true });
    return panels.length > 0;
  }

  /** None opens any more. */
  stop(): void {
    this.#isOver = true;
  }

  #open(panel: HTMLElement, takesFocus = true): void {
    this.#host.layout.panels.append(panel);
    if (takesFocus) panel.querySelector<HTMLElement>(".close")?.focus();
  }
}
