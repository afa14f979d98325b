/**
 * What RC4 alone costs: the textbook's loop over as many bytes, in blocks of one size, by itself in
 * warm code.
 *
 * @returns CPU seconds per GB
 */
export function bareRc4Cost(bytes: number, blockLength: number): number {
  const state = Uint8Array.from({ length: 256 }, (_, at) => at);
  const block = new Uint8Array(blockLength).fill(0xa5);
  const position = { i: 0, j: 0 };
  const encrypt = (length: number) => {
    for (let done = 0; done < length; done += blockLength) cipherBlock(state, block, position);
  };
  encrypt(bytes / 10);
  const before = process.cpuUsage();
  encrypt(bytes);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / (bytes / 1e9);
}

function cipherBlock(
  state: Uint8Array,
  block: Uint8Array,
  position: { i: number; j: number },
): void {
  let { i, j } = position;
  for (let at = 0; at < block.length; at += 1) {
    i = (i + 1) & 255;
    const a = state[i] ?? 0;
    j = (j + a) & 255;
    const b = state[j] ?? 0;
    state[i] = b;
    state[j] = a;
    block[at] = (block[at] ?? 0) ^ (state[(a + b) & 255] ?? 0);
  }
  position.i = i;
  position.j = j;
}
