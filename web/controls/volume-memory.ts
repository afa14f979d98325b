/** What the viewer set, from page to page. */
export type KeptVolume = { readonly volume: number; readonly muted: boolean };

const KEPT = "sluice.volume";

/** What has a volume: the element. */
type Sounding = {
  volume: number;
  muted: boolean;
  addEventListener(
    type: "volumechange",
    listener: () => void,
    options: AddEventListenerOptions,
  ): void;
};

/** @returns undefined where the text says nothing of the kind */
export function readKeptVolume(text: string | null): KeptVolume | undefined {
  const match = /^(0(?:\.\d+)?|1)( muted)?$/.exec(text ?? "");
  if (match === null) return undefined;
  return { volume: Number(match[1]), muted: match[2] !== undefined };
}

/**
 * Sets the volume that the viewer set on a page before, unless this page has set one, and keeps what they
 * set here. What a program does without the viewer is not kept; a page may be denied its storage.
 */
export function rememberVolume(player: Sounding, signal: AbortSignal): void {
  const kept = readKeptVolume(recall());
  if (kept !== undefined && player.volume === 1 && !player.muted) {
    player.volume = kept.volume;
    if (kept.muted) player.muted = true;
  }
  const onChange = () => {
    if (navigator.userActivation?.isActive === false) return;
    const volume = Math.round(player.volume * 100) / 100;
    keep(`${volume}${player.muted ? " muted" : ""}`);
  };
  player.addEventListener("volumechange", onChange, { signal });
}

function recall(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function keep(text: string): void {
  try {
    localStorage.setItem(KEPT, text);
  } catch {
    // It is forgotten with the page.
  }
}
