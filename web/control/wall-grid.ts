/** Pictures are this much wider than high. */
const ASPECT = 16 / 9;

/**
 * How many columns and rows of a screen make the largest tiles.
 *
 * @param count of tiles
 * @param width of the screen, and its height, in whatever unit
 */
export function wallGrid(
  count: number,
  width: number,
  height: number,
): { readonly columns: number; readonly rows: number } {
  let best = { columns: 1, rows: Math.max(1, count) };
  let widest = 0;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const tile = Math.min(width / columns, (ASPECT * height) / rows);
    // Of two that are equal, the one with fewer rows: words lie below pictures.
    if (tile >= widest - 0.01) {
      widest = tile;
      best = { columns, rows };
    }
  }
  return best;
}
