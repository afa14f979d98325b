// biome-ignore-all lint/style/noRestrictedImports: this runs in Node, not in a page
// What the build changes of media-chrome: its style elements become style sheets (`stamp.ts`), its
// elements get names of their own, and what the controls do themselves is left out.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const stampPath = fileURLToPath(new URL("./stamp.ts", import.meta.url));

/** A page may have media-chrome too, of another version. */
const NAMES =
  /(?<![\w./-])media-(?=(?:airplay-button|chrome-button|chrome-dialog|chrome-range|container|control-bar|controller|fullscreen-button|gesture-receiver|keyboard-shortcuts-dialog|mute-button|pip-button|play-button|time-range|tooltip|volume-range)(?![\w-]))/g;

/** Not needed: the player is the store, and the keys and words are ours. */
const LEFT_OUT = new Map([
  ["media-store.js", "export const createMediaStore = () => undefined;"],
  ["media-keyboard-shortcuts-dialog.js", "export const getHotkeyToken = (key) => key;"],
  [
    "i18n.js",
    `export const t = (key) => key;
     export const setLanguage = () => undefined;
     export const getResolvedLanguage = () => "en";`,
  ],
]);

/** What is found in a file is written over; a file where it is not found is not the one we know. */
const CHANGES = [
  {
    in: /^media-(chrome-(button|range)|container|control-bar|gesture-receiver|tooltip)\.js$/,
    from: /(?:this\.shadowRoot\.setHTMLUnsafe \? this\.shadowRoot\.setHTMLUnsafe\(html\) : )?this\.shadowRoot\.innerHTML = (html|this\.constructor\.getTemplateHTML\(attrs\));/,
    to: "stampTemplate(this.shadowRoot, $1);",
  },
  {
    in: /^element-utils\.js$/,
    from: /function (getOrInsertCSSRule|insertCSSRule)\(styleParent, selectorText\) \{/g,
    to: "function $1(styleParent, selectorText) { return ownRuleOf(styleParent, selectorText);",
  },
];

/** For esbuild. @type {import("esbuild").Plugin} */
export const mediaChrome = {
  name: "media-chrome",
  setup(build) {
    build.onLoad({ filter: /node_modules\/media-chrome\/dist\/.*\.js$/ }, async ({ path }) => {
      const name = basename(path);
      const instead = LEFT_OUT.get(name);
      if (instead !== undefined) return { contents: instead };
      let contents = (await readFile(path, "utf8")).replace(NAMES, "sluice-media-");
      for (const change of CHANGES) {
        if (!change.in.test(name)) continue;
        const changed = contents.replace(change.from, change.to);
        if (changed === contents) {
          return { errors: [{ text: `Cannot change ${name}: media-chrome has become another` }] };
        }
        contents = `import { stamp as stampTemplate, ownRule as ownRuleOf } from ${JSON.stringify(stampPath)};\n${changed}`;
      }
      if (/\.innerHTML = this\.constructor\.getTemplateHTML/.test(contents)) {
        return { errors: [{ text: `Cannot load ${name}: it writes style elements` }] };
      }
      return { contents };
    });
  },
};
