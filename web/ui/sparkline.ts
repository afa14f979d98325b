/** Units of the drawing; it is stretched to where it lies. */
const WIDTH = 120;
const HEIGHT = 28;

/**
 * The ways of a line and of the area below it, as an SVG path has them: newest at the right end, and the
 * line interrupted where nothing is known.
 *
 * @param most values that it has room for
 * @param top the value at the upper edge; the largest one, where that is larger
 */
export function sparkPaths(
  values: readonly (number | undefined)[],
  most: number,
  top = 0,
): { readonly line: string; readonly area: string } {
  const highest = values.reduce<number>((max, value) => Math.max(max, value ?? 0), top);
  if (highest <= 0) return { line: "", area: "" };
  const x = (index: number) =>
    Number((((most - values.length + index) * WIDTH) / Math.max(1, most - 1)).toFixed(1));
  const y = (value: number) => Number((HEIGHT - 1 - (value / highest) * (HEIGHT - 2)).toFixed(1));
  let line = "";
  let area = "";
  values.forEach((value, index) => {
    if (value === undefined) return;
    const isFirst = index === 0 || values[index - 1] === undefined;
    const isLast = index === values.length - 1 || values[index + 1] === undefined;
    const point = `${x(index)} ${y(value)}`;
    line += `${isFirst ? "M" : "L"}${point}`;
    if (isFirst) area += `M${x(index)} ${HEIGHT}`;
    area += `L${point}`;
    if (isLast) area += `L${x(index)} ${HEIGHT}Z`;
  });
  return { line, area };
}

const NAMESPACE = "http://www.w3.org/2000/svg";

/** A small graph without axes, hidden from screen readers: its figure stands beside it. */
export class Sparkline {
  readonly element: SVGSVGElement = document.createElementNS(NAMESPACE, "svg");
  readonly #line = document.createElementNS(NAMESPACE, "path");
  readonly #area = document.createElementNS(NAMESPACE, "path");

  constructor() {
    this.element.setAttribute("class", "spark");
    this.element.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.element.setAttribute("preserveAspectRatio", "none");
    this.element.setAttribute("aria-hidden", "true");
    this.#line.setAttribute("class", "spark-line");
    this.#area.setAttribute("class", "spark-area");
    this.element.append(this.#area, this.#line);
  }

  show(values: readonly (number | undefined)[], most: number, top?: number): void {
    const { line, area } = sparkPaths(values, most, top);
    this.#line.setAttribute("d", line);
    this.#area.setAttribute("d", area);
  }
}
