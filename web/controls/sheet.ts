/** How the controls look, in the element's own tree. Custom properties and parts: docs/controls.md. */
export const SHEET = `
.controls {
  --_color: var(--sluice-color, #fff);
  --_accent: var(--sluice-accent, #ff4d4f);
  --_panel: var(--sluice-panel-background, rgb(18 20 26 / 0.94));
  --_focus: var(--sluice-focus-color, #fff);
  --_font: var(--sluice-font, system-ui, sans-serif);
  --_size: var(--sluice-control-size, 44px);
  --media-primary-color: var(--_color);
  --media-secondary-color: transparent;
  --media-control-background: transparent;
  --media-control-hover-background: rgb(255 255 255 / 0.14);
  --media-control-height: 24px;
  --media-control-padding: calc((var(--_size) - 24px) / 2);
  --media-font-family: var(--_font);
  --media-background-color: transparent;
  --media-tooltip-background-color: var(--_panel);
  --media-tooltip-arrow-display: none;
  --media-tooltip-distance: 6px;
  --media-tooltip-container-margin: 6px;
  --media-range-bar-color: var(--_color);
  --media-range-track-background: rgb(255 255 255 / 0.35);
  --media-range-track-border-radius: 2px;
  --media-focus-box-shadow: inset 0 0 0 2px var(--_focus), inset 0 0 0 3px rgb(0 0 0 / 0.6);
  position: absolute; inset: 0; container-type: size;
  font: 14px/1.35 var(--_font); color: var(--_color); text-align: start;
  -webkit-tap-highlight-color: transparent;
}
.controls [hidden] { display: none !important; }
.controls *, .controls *::before { box-sizing: border-box; }
.chrome { position: absolute; inset: 0; display: block; outline: none; }
.chrome[userinactive]:not([mediapaused]) { cursor: none; }
.held > .chrome { cursor: auto; }
.icon { width: 24px; height: 24px; fill: currentColor; flex: none; }
.unseen { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.controls button { font: inherit; color: inherit; cursor: pointer; border: 0; background: none; }
.controls :focus-visible { outline: 2px solid var(--_focus); outline-offset: -2px; }

.bottom {
  align-self: stretch; position: relative; z-index: 1; display: flex; flex-direction: column; line-height: 1.35;
  padding: 32px 4px 2px;
  background: var(--sluice-bar-background, linear-gradient(transparent, rgb(0 0 0 / 0.78)));
  transition: opacity 0.2s;
}
.chrome[userinactive]:not([mediapaused]) > .bottom { opacity: 0; pointer-events: none; }
.held > .chrome > .bottom { opacity: 1 !important; pointer-events: auto !important; }
.bar { display: flex; align-items: center; width: 100%; background: none; }
.bar > *, .sound > * { border-radius: 6px; flex: none; }
.gap { flex: 1 1 0 !important; }
.sound { display: flex; }
.volume { width: 76px; }
.volume::part(track) { clip-path: none; }
.captions { position: relative; }
sluice-media-action-button.on::after, [part~=captions-button].on::after {
  content: ""; position: absolute; inset-inline: 12px; bottom: 7px; height: 3px; border-radius: 2px; background: var(--_accent);
}

.controls .live {
  display: flex; align-items: center; gap: 7px; min-height: var(--_size); padding: 0 10px;
  font-weight: 600; border-radius: 6px; white-space: nowrap;
}
.live:hover { background: rgb(255 255 255 / 0.14) !important; }
.live .dot { width: 9px; height: 9px; border-radius: 50%; background: #9aa0aa; }
.live.on .dot { background: var(--_accent); }
.live:not(.on) .word { color: #d3d7de; }
.bar > .delay { margin-inline: -4px 8px; font-weight: 400; font-variant-numeric: tabular-nums; color: #e3e6eb; }

.timeline { position: relative; margin: 0 10px; }
.timeline input {
  appearance: none; display: block; width: 100%; height: 24px; margin: 0; padding: 0;
  background: none; cursor: pointer; touch-action: none; border-radius: 4px;
}
.timeline input::-webkit-slider-runnable-track {
  height: 4px; border-radius: 2px;
  background: linear-gradient(to right, var(--_accent) var(--played, 100%), rgb(255 255 255 / 0.4) 0);
}
.timeline input::-moz-range-track { height: 4px; border-radius: 2px; background: rgb(255 255 255 / 0.4); }
.timeline input::-moz-range-progress { height: 4px; border-radius: 2px; background: var(--_accent); }
.timeline input::-webkit-slider-thumb {
  appearance: none; width: 14px; height: 14px; margin-top: -5px; border: 0; border-radius: 50%; background: var(--_color);
}
.timeline input::-moz-range-thumb { width: 14px; height: 14px; border: 0; border-radius: 50%; background: var(--_color); }
.hint {
  position: absolute; bottom: 100%; translate: -50%; padding: 2px 7px; border-radius: 5px; pointer-events: none;
  background: var(--_panel); font-variant-numeric: tabular-nums; white-space: nowrap;
}

.middle { position: absolute; inset: 0; display: grid; place-items: center; pointer-events: none !important; line-height: 1.35; }
.middle > * { grid-area: 1 / 1; }
.overlay {
  display: grid; justify-items: center; align-content: center; gap: 6px; inline-size: 100%; block-size: 100%;
  padding: 12px 24px; text-align: center; background: rgb(8 9 12 / 0.66);
}
.overlay[data-sign=busy] { animation: sluice-appear 0.2s 0.25s both; }
.overlay p { margin: 0; max-width: 44em; text-wrap: balance; }
.overlay .title { font-size: clamp(16px, 3.4cqi, 26px); font-weight: 650; }
.overlay .detail { font-size: clamp(13px, 2cqi, 16px); color: #d6d9df; }
.overlay .detail:empty { display: none; }
.sign { width: clamp(32px, 8cqi, 56px); height: clamp(32px, 8cqi, 56px); margin-bottom: 4px; }
.sign .icon { width: 100%; height: 100%; }
.overlay[data-sign=busy] .sign {
  border: 4px solid rgb(255 255 255 / 0.28); border-top-color: var(--_color); border-radius: 50%;
  width: 40px; height: 40px; animation: sluice-turn 0.9s linear infinite;
}
.overlay[data-sign=waiting] .sign { animation: sluice-breathe 2.4s ease-in-out infinite; }
@keyframes sluice-appear { from { opacity: 0; } }
@keyframes sluice-turn { to { rotate: 1turn; } }
@keyframes sluice-breathe { 50% { opacity: 0.45; } }
.alone {
  display: grid; justify-items: center; gap: 8px; margin: 0; padding: 12px 24px; color: #d6d9df;
  font-size: clamp(13px, 2cqi, 18px);
}
.alone .icon { width: clamp(36px, 14cqmin, 96px); height: clamp(36px, 14cqmin, 96px); color: var(--_color); }
.controls .big-play {
  width: 84px; height: 84px; padding: 0; border-radius: 50%; pointer-events: auto; display: grid; place-items: center;
  background: rgb(0 0 0 / 0.62); transition: background 0.15s;
}
.big-play:hover { background: var(--_accent) !important; }
.big-play .icon { width: 48px; height: 48px; }
.controls .unmute {
  display: inline-flex; align-items: center; gap: 8px; min-width: 44px; min-height: 48px; padding: 0 20px;
  align-self: start; margin-top: clamp(12px, 8cqb, 56px);
  font-size: 16px; font-weight: 600; border-radius: 24px; pointer-events: auto;
  color: #111; background: #fff; box-shadow: 0 2px 12px rgb(0 0 0 / 0.4);
}
.flash {
  position: absolute; top: 0; bottom: 0; width: 34%; display: grid; place-items: center; pointer-events: none;
  font-size: 22px; font-weight: 650; background: rgb(255 255 255 / 0.12);
}
.flash[data-side=back] { left: 0; border-radius: 0 50% 50% 0; }
.flash[data-side=forward] { right: 0; border-radius: 50% 0 0 50%; }
.notes { align-self: stretch; pointer-events: none !important; line-height: 1.35; }
.notes p { margin: 8px; padding: 8px 12px; width: fit-content; max-width: 48em; border-radius: 6px; background: var(--_panel); }

.menu {
  position: absolute; bottom: calc(var(--_size) + 6px); inset-inline-end: 8px; z-index: 2;
  min-width: min(220px, 100cqi - 16px); max-width: calc(100cqi - 16px); max-height: calc(100cqb - var(--_size) - 20px); overflow: auto;
  padding: 6px; border-radius: 10px; background: var(--_panel); box-shadow: 0 4px 24px rgb(0 0 0 / 0.45);
}
.controls .menu button {
  display: flex; align-items: center; gap: 10px; width: 100%; min-height: 40px; padding: 4px 10px;
  border-radius: 6px; text-align: start;
}
.menu button:hover, .menu button:focus-visible { background: rgb(255 255 255 / 0.12) !important; }
.menu .label { flex: 1; }
.menu .hint { position: static; translate: none; padding: 0; background: none; color: #c3c8d0; }
.menu .icon { width: 18px; height: 18px; }
.menu [role=menuitemradio] .icon { visibility: hidden; }
.menu [role=menuitemradio][aria-checked=true] .icon { visibility: visible; }
.menu .back { border-bottom: 1px solid rgb(255 255 255 / 0.16); border-radius: 6px 6px 0 0; margin-bottom: 4px; font-weight: 600; }
.controls .menu .narrow { display: none; }
:dir(rtl) > .icon { scale: -1 1; }
.menu [role=menuitemradio] > .icon, sluice-media-action-button > .icon, .unmute > .icon, .big-play > .icon { scale: none; }

.panels { position: absolute; inset: 0; pointer-events: none !important; line-height: 1.4; overflow: hidden; }
.panel {
  position: absolute; inset-block-start: 8px; inset-inline-start: 8px; pointer-events: auto;
  max-width: calc(100cqi - 16px); max-height: calc(100cqb - var(--_size) - 20px); overflow: auto;
  padding: 8px 12px 10px; border-radius: 10px; background: var(--_panel); box-shadow: 0 4px 24px rgb(0 0 0 / 0.45);
  font-size: 12.5px;
}
.panel .head { display: flex; align-items: center; gap: 4px; }
.panel h2 { flex: 1; margin: 0; font-size: 14px; font-weight: 650; }
.controls .panel button { display: inline-flex; align-items: center; gap: 6px; min-width: 36px; min-height: 36px; padding: 0 8px; border-radius: 6px; justify-content: center; }
.panel button:hover { background: rgb(255 255 255 / 0.14) !important; }
.panel button .icon { width: 18px; height: 18px; }
.panel dl { margin: 2px 0 6px; }
.panel dl > div { display: flex; gap: 12px; }
.panel dt { flex: 0 0 9.5em; color: #c3c8d0; }
.panel dd { margin: 0; flex: 1; min-width: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; user-select: text; }
.statistics { width: 400px; }
.panel figure { position: relative; margin: 6px 0 0; }
.panel figcaption { display: flex; justify-content: space-between; color: #c3c8d0; }
.panel figure svg { display: block; width: 100%; height: 40px; background: rgb(255 255 255 / 0.07); border-radius: 4px; }
.panel polyline { fill: none; stroke: #6db3ff; stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.panel .top { color: #dfe3e9; }
.shortcuts dl > div { padding: 3px 0; align-items: baseline; }
.shortcuts dt { display: flex; gap: 4px; }
.shortcuts[part] dt { justify-content: flex-start; }
.shortcuts kbd { min-width: 22px; padding: 1px 6px; border: 1px solid rgb(255 255 255 / 0.35); border-radius: 4px; font: inherit; text-align: center; color: var(--_color); }

@container (inline-size < 560px) {
  .volume, .bar > #snapshot, .bar > [part~=pip-button] { display: none !important; }
  .controls .menu .narrow { display: flex; }
}
@container (inline-size < 380px) {
  .bar > .delay { display: none; }
}
@container (inline-size < 300px) {
  .chrome { --_size: var(--sluice-control-size, 36px); --media-control-padding: calc((var(--_size) - 24px) / 2); }
  .live .word { display: none; }
}
@container (inline-size < 190px) {
  .sound, .bar > #settings { display: none !important; }
}
@container (inline-size < 300px) or (block-size < 170px) {
  .bottom { padding-top: 12px; }
  .controls .big-play { width: 56px; height: 56px; }
  .bar > #captions, .overlay .detail, .overlay:not([data-sign=busy]) .sign { display: none !important; }
}
@container (block-size < 300px) {
  .chrome { --_panel: var(--sluice-panel-background, rgb(18 20 26 / 0.98)); }
  .menu { bottom: 6px; max-height: calc(100cqb - 12px); }
  .panel { inset: 0; width: auto; max-width: none; max-height: none; border-radius: 0; z-index: 2; }
  .panel .head { position: sticky; inset-block-start: -8px; background: inherit; }
}
[aria-expanded=true] { --media-tooltip-display: none; }
@media (hover: none) {
  .controls { --media-tooltip-display: none; }
}
@media (pointer: coarse) {
  .volume { display: none !important; }
  .menu .with-keys { display: none !important; }
  .controls .menu button { min-height: 44px; }
}
@media (prefers-reduced-motion: reduce) {
  .controls, .controls * { transition: none !important; }
  .overlay .sign { animation-duration: 3s !important; }
  .overlay[data-sign=waiting] .sign { animation: none !important; }
  .stage video::-webkit-media-text-track-container, .stage .texts { transition: none !important; }
}
@media (forced-colors: active) {
  .controls {
    --_color: CanvasText; --_accent: Highlight; --media-icon-color: ButtonText; --media-focus-box-shadow: none;
    --media-control-hover-background: transparent; --media-range-track-background: GrayText;
  }
  .timeline, .volume { forced-color-adjust: none; }
  .timeline input::-webkit-slider-runnable-track { background: linear-gradient(to right, Highlight var(--played, 100%), GrayText 0); }
  .menu .hint { border: 0; }
  .bottom { padding-top: 2px; }
  .bottom, .overlay, .menu, .panel, .notes p, .hint { background: Canvas; border: 1px solid CanvasText; color: CanvasText; }
  .controls :focus-visible { outline: 3px solid Highlight; }
  .live .dot { forced-color-adjust: none; }
  .controls .big-play, .controls .unmute { background: ButtonFace; color: ButtonText; border: 1px solid ButtonText; }
  .panel polyline { stroke: CanvasText; }
}
.stage video::-webkit-media-text-track-container, .stage .texts { transition: transform 0.2s; }
.stage:has(~ .layer :is(.held, .chrome:not([userinactive]), .chrome[mediapaused])) video::-webkit-media-text-track-container { transform: translateY(-56px); }
.stage:has(~ .layer :is(.held, .chrome:not([userinactive]), .chrome[mediapaused])) .texts { transform: translateY(-56px); }
`;
