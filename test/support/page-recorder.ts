import type { readCounter } from "./counter.ts";

/** A picture that was seen. */
export type SeenPicture = {
  readonly counter: number | undefined;
  /** ms since 1970 by the page's clock, when it was first seen. */
  readonly at: number;
  /** Of the coded picture. */
  readonly width: number;
};

/** What was seen and heard in a page so far. */
export type PageRecord = {
  /** When the page's scripts began, and when the element was put in, ms since 1970. */
  readonly began: number;
  /** A picture is noted when it differs from the one before it. */
  readonly pictures: readonly SeenPicture[];
  /** When each beep began, ms since 1970. */
  readonly beeps: readonly number[];
  /** Looks at the screen, and the longest time between two of them (ms): what the figures are worth. */
  readonly looks: number;
  readonly longestPause: number;
};

/**
 * Runs in the page, before its own scripts: looks at what every player shows (`<video>` or `<canvas>`, in open
 * shadow roots, too) each time the browser paints, and at what is heard. `window.pageRecord()` gives all
 * of it; `window.hearPage()` begins to listen. It refers to nothing outside of itself.
 *
 * @param tone Hz of the beeps
 */
export function recordPage(read: typeof readCounter, tone: number): void {
  const MOST = 20_000;
  const A_FEW = 15;
  const now = () => performance.timeOrigin + performance.now();
  const record = {
    began: now(),
    pictures: [] as SeenPicture[],
    beeps: [] as number[],
    looks: 0,
    longestPause: 0,
  };
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let pixels = new Uint8ClampedArray(0);

  const surfaces = (root: Document | ShadowRoot): (HTMLVideoElement | HTMLCanvasElement)[] => {
    const found: (HTMLVideoElement | HTMLCanvasElement)[] = [];
    for (const element of root.querySelectorAll("*")) {
      if (element instanceof HTMLVideoElement || element instanceof HTMLCanvasElement)
        found.push(element);
      if (element.shadowRoot !== null) found.push(...surfaces(element.shadowRoot));
    }
    return found;
  };
  const sizeOf = (surface: HTMLVideoElement | HTMLCanvasElement) =>
    surface instanceof HTMLVideoElement
      ? { width: surface.videoWidth, height: surface.videoHeight }
      : { width: surface.width, height: surface.height };
  /** The one that is seen: the largest of those that are visible and have a picture. */
  const shown = () =>
    surfaces(document)
      .filter((surface) => {
        const { width, height } = surface.getBoundingClientRect();
        return (
          sizeOf(surface).width > 0 &&
          width * height > 5_000 &&
          getComputedStyle(surface).visibility === "visible"
        );
      })
      .at(-1);

  // A canvas of Firefox may be given one of the next pictures, or the one before, and not the one that is
  // on: there, a few of them back are a step back only where the clock of the `<video>` goes back.
  const isVague = "mozInnerScreenX" in window;
  let noted: { readonly surface: Element; readonly time: number } | undefined;
  const goesBack = (surface: HTMLVideoElement | HTMLCanvasElement, time: number) =>
    !isVague || surface !== noted?.surface || !(time >= noted.time);

  let lookedAt = performance.now();
  const look = () => {
    requestAnimationFrame(look);
    record.looks += 1;
    const at = performance.now();
    if (record.pictures.length > 0)
      record.longestPause = Math.max(record.longestPause, at - lookedAt);
    lookedAt = at;
    const surface = shown();
    if (surface === undefined || context === null || record.pictures.length >= MOST) return;
    const { width, height } = sizeOf(surface);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      // `read` tells the kind of pixels by their number: below the counter they stay empty.
      pixels = new Uint8ClampedArray(width * height * 4);
    }
    const rows = Math.ceil(height / 4);
    // A canvas that is drawn into another one in `desynchronized` mode may be between two pictures.
    context.drawImage(surface, 0, 0, width, rows, 0, 0, width, rows);
    pixels.set(context.getImageData(0, 0, width, rows).data);
    const counter = read(pixels, width, height);
    const last = record.pictures.at(-1);
    if (last === undefined ? counter === undefined : counter === last.counter) return;
    const time = "currentTime" in surface ? surface.currentTime : Number.NaN;
    const back = (last?.counter ?? 0) - (counter ?? Number.POSITIVE_INFINITY);
    if (back > 0 && back < A_FEW && !goesBack(surface, time)) return;
    noted = { surface, time };
    record.pictures.push({ counter, at: now(), width });
  };
  requestAnimationFrame(look);

  // What goes to the speakers also comes by here.
  const analysers = new Set<AnalyserNode>();
  const hear = (node: AudioNode) => {
    const analyser = new AnalyserNode(node.context, { fftSize: 512, smoothingTimeConstant: 0 });
    connect.call(node, analyser);
    analysers.add(analyser);
  };
  const { connect } = AudioNode.prototype as { connect(to: AudioNode): AudioNode };
  Object.assign(AudioNode.prototype, {
    connect(this: AudioNode, ...args: [AudioNode]) {
      if (args[0] instanceof AudioDestinationNode) hear(this);
      return connect.apply(this, args);
    },
  });
  let wasLoud = true; // what is on when we come is no beginning
  const listen = () => {
    let loudest = 0;
    for (const analyser of analysers) {
      const bins = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(bins);
      const bin = Math.round((tone * analyser.fftSize) / analyser.context.sampleRate);
      loudest = Math.max(loudest, ...bins.subarray(bin - 1, bin + 2).map((dB) => 10 ** (dB / 20)));
    }
    const isLoud = loudest > 0.01;
    if (isLoud && !wasLoud && record.beeps.length < MOST) record.beeps.push(now());
    wasLoud = isLoud;
  };

  let audio: AudioContext | undefined;
  const tapped = new WeakSet<Element>();
  Object.assign(window, {
    pageRecord: () => record,
    hearPage: async () => {
      audio ??= new AudioContext();
      for (const surface of surfaces(document)) {
        if (!(surface instanceof HTMLVideoElement) || tapped.has(surface)) continue;
        tapped.add(surface);
        try {
          audio.createMediaElementSource(surface).connect(audio.destination);
        } catch {
          // The player leads it through a context of its own, and we heard of that.
        }
      }
      await audio.resume();
      setInterval(listen, 4);
    },
  });
}
