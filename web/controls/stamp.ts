/*
 * How media-chrome's components come to their shadow trees here. Out of the box they write <style>
 * elements, which a page's policy may forbid (`style-src` without `unsafe-inline`); the build puts these
 * two functions in that place (`bundling.mjs`), and they make style sheets that no policy minds.
 */

/** Declarative shadow roots inside of a template: the components in there make their own. */
const INNER = /<template shadowrootmode[\s\S]*?<\/template>/g;
const STYLE = /<style([^>]*)>([\s\S]*?)<\/style>/g;

const sheets = new Map<string, CSSStyleSheet>();
const rules = new WeakMap<ShadowRoot, Own>();

type Own = { readonly sheet: CSSStyleSheet; readonly rules: Map<string, CSSStyleRule> };

type Policy = { createHTML(html: string): string };

declare const trustedTypes: { createPolicy(name: string, rules: Policy): Policy } | undefined;

/** A page may ask that markup from strings is vouched for; what is stamped here was built in. */
const policy: Policy | undefined = (() => {
  try {
    return typeof trustedTypes === "undefined"
      ? undefined
      : trustedTypes.createPolicy("sluice-controls", { createHTML: (html) => html });
  } catch {
    return undefined; // not one of the page's names, or there already
  }
})();

/** Fills a component's shadow root: markup as it is, styles as sheets that all of its kind share. */
export function stamp(root: ShadowRoot, html: string): void {
  let css = "";
  const markup = html.replace(INNER, "").replace(STYLE, (_, attributes: string, text: string) => {
    if (attributes.includes("media=")) return ""; // another layout, never chosen here
    css += text;
    return "";
  });
  root.innerHTML = policy?.createHTML(markup) ?? markup;
  let sheet = sheets.get(css);
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    sheets.set(css, sheet);
  }
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}

/** A rule of this one component, over those that its kind shares: made when first asked for. */
export function ownRule(root: ShadowRoot, selector: string): CSSStyleRule {
  let own = rules.get(root);
  if (own === undefined) {
    own = { sheet: new CSSStyleSheet(), rules: new Map() };
    rules.set(root, own);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, own.sheet];
  }
  const { sheet, rules: made } = own;
  const known = made.get(selector);
  if (known !== undefined) return known;
  const at = sheet.insertRule(`${selector}{}`, sheet.cssRules.length);
  const rule = sheet.cssRules[at] as CSSStyleRule;
  made.set(selector, rule);
  return rule;
}
