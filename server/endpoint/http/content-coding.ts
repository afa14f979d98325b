/** How a playlist may be packed. */
export type ContentCoding = "br" | "gzip" | "identity";

/** Of those that a client likes equally, the smallest. */
const CODINGS: readonly ContentCoding[] = ["br", "gzip", "identity"];

/**
 * Chooses by `Accept-Encoding` (RFC 9110 §12.5.3). What is not named is not taken, but for the plain
 * text, which is sent even to who forbids it: it is that or nothing.
 */
export function chooseCoding(header: string | string[] | undefined): ContentCoding {
  if (typeof header !== "string") return "identity";
  const weights = new Map<string, number>();
  for (const one of header.toLowerCase().split(",")) {
    const [name = "", ...parameters] = one.split(";").map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    const weight = q === undefined ? 1 : Number(q.slice(2));
    weights.set(name === "x-gzip" ? "gzip" : name, Number.isNaN(weight) ? 0 : weight);
  }
  const rest = weights.get("*") ?? 0;
  let chosen: ContentCoding = "identity";
  let best = 0;
  for (const coding of CODINGS) {
    // Who does not mention it takes it where nothing better is to be had.
    const unnamed = coding === "identity" && !weights.has("*") ? Number.MIN_VALUE : rest;
    const weight = weights.get(coding) ?? unnamed;
    if (weight <= best) continue;
    chosen = coding;
    best = weight;
  }
  return chosen;
}
