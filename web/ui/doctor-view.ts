import type { ListedFinding } from "../../server/protocol/wire/stream-health.ts";
import { make, setText } from "./elements.ts";
import { optionsApart } from "./options-apart.ts";

/** A finding's severity for people, in front of its sentence. */
const SEVERITIES: Readonly<Record<ListedFinding["severity"], string>> = {
  error: "Fault",
  warning: "Warning",
  info: "Hint",
};

/** What `DoctorView` may be told. */
export type DoctorOptions = {
  /** So many sentences at most; the rest is counted in a line of its own. */
  readonly most?: number;
};

/**
 * What the stream doctor says, as a list that changes only where it says something else: nothing
 * flickers, and screen readers hear nothing twice. Hidden while all is well.
 *
 * Classes to style by: `doctor`, and on each item `finding` with `data-severity`.
 */
export class DoctorView {
  readonly element: HTMLUListElement = make("ul", "doctor");
  readonly #items = new Map<string, { item: HTMLLIElement; text: HTMLElement }>();
  readonly #rest: HTMLLIElement = make("li", "finding rest");
  readonly #most: number;

  constructor({ most = Number.POSITIVE_INFINITY }: DoctorOptions = {}) {
    this.#most = most;
    this.element.hidden = true;
    this.element.ariaLabel = "What the stream doctor says";
  }

  /** @param findings the worst first, as `health.findings` has them */
  show(findings: readonly ListedFinding[]): void {
    const shown = findings.slice(0, this.#most);
    this.element.hidden = shown.length === 0;
    for (const [code, { item }] of this.#items) {
      if (shown.some((finding) => finding.code === code)) continue;
      item.remove();
      this.#items.delete(code);
    }
    shown.forEach((finding, index) => {
      const { item, text } = this.#items.get(finding.code) ?? this.#make(finding);
      setSentence(text, finding.message);
      if (this.element.children[index] !== item) {
        this.element.insertBefore(item, this.element.children[index] ?? null);
      }
    });
    const more = findings.length - shown.length;
    this.#rest.remove();
    if (more > 0) {
      setText(this.#rest, `and ${more} more`);
      this.element.append(this.#rest);
    }
  }

  #make({ code, severity }: ListedFinding) {
    const item = make("li", "finding");
    item.dataset["severity"] = severity;
    item.dataset["code"] = code;
    const text = make("span");
    item.append(make("strong", "finding-severity", `${SEVERITIES[severity]}: `), text);
    const made = { item, text };
    this.#items.set(code, made);
    return made;
  }
}

/** Sets a sentence where it differs; options of a command line are not broken at their hyphens. */
function setSentence(element: HTMLElement, sentence: string): void {
  if (element.textContent === sentence) return;
  const pieces = optionsApart(sentence).map((text, index) =>
    index % 2 === 0 ? text : make("span", "option", text),
  );
  element.replaceChildren(...pieces);
}
