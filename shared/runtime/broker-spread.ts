/**
 * Who is told to lead what: round robin over all known ids, from a start that depends on the topic or the
 * group. A dead one's turn goes to the next that lives, and nothing else moves.
 */
export function livingFrom(
  known: readonly number[],
  isLiving: (brokerId: number) => boolean,
  start: string,
  partition = 0,
): number | undefined {
  const place = spreadOf(start) + partition;
  for (let step = 0; step < known.length; step++) {
    const brokerId = known[(place + step) % known.length];
    if (brokerId !== undefined && isLiving(brokerId)) return brokerId;
  }
  return undefined;
}

/** A number that stays the same for the same text (FNV-1a): where the round robin begins. */
function spreadOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}
