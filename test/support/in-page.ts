/*
 * For scripts that run in a page: they are sent as text, so they are given these as arguments, and these
 * refer to nothing outside of themselves. The player's elements lie in its (open) shadow root.
 */

/** Finds what a selector means in a document and in all open shadow roots below it. */
export function findAll<Kind extends Element = Element>(
  selector: string,
  root: ParentNode = document,
): Kind[] {
  const found: Kind[] = [];
  const roots: ParentNode[] = [root];
  for (let next = roots.pop(); next !== undefined; next = roots.pop()) {
    found.push(...next.querySelectorAll<Kind>(selector));
    for (const { shadowRoot } of next.querySelectorAll("*")) {
      if (shadowRoot !== null) roots.push(shadowRoot);
    }
  }
  return found;
}

/**
 * Calls at each change of the document and of open shadow roots, those to come included. To be called
 * before a page's own scripts.
 *
 * @returns ends it
 */
export function observeAll(changed: () => void): () => void {
  const everything = { childList: true, subtree: true, attributes: true, characterData: true };
  const observer = new MutationObserver(changed);
  observer.observe(document, everything);
  const roots: ParentNode[] = [document];
  for (let next = roots.pop(); next !== undefined; next = roots.pop()) {
    for (const { shadowRoot } of next.querySelectorAll("*")) {
      if (shadowRoot === null) continue;
      observer.observe(shadowRoot, everything);
      roots.push(shadowRoot);
    }
  }
  const { attachShadow } = Element.prototype;
  Element.prototype.attachShadow = function (init) {
    const root = attachShadow.call(this, init);
    if (init.mode === "open") observer.observe(root, everything);
    return root;
  };
  return () => {
    observer.disconnect();
    Element.prototype.attachShadow = attachShadow;
  };
}
