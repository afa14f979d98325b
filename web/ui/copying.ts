/** What became of copying something. */
export type Copied = "copied" | "selected" | "not-allowed";

/**
 * Copies what an element says, or, where it is a field, holds. Without HTTPS (on a LAN) there is no
 * clipboard to write to: it is selected then, and people may copy it.
 */
export async function copyFrom(source: HTMLElement): Promise<Copied> {
  const isField = source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement;
  const text = isField ? source.value : (source.textContent ?? "");
  if (navigator.clipboard === undefined) {
    if (isField) source.select();
    else getSelection()?.selectAllChildren(source);
    return document.execCommand("copy") ? "copied" : "selected";
  }
  try {
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch {
    return "not-allowed";
  }
}
