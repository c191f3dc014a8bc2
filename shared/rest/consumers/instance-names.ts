import type { Random } from '../../base/random.ts';
import { unprocessable } from '../errors.ts';
import type { InstanceName } from './instance-store.ts';

/** Both names together stay small beside what else an item holds. */
const nameBytesMax = 1_000;

// A NUL or a lone surrogate cannot be stored, or be part of a path.
const unfit = /\0|\p{Surrogate}/u;

/** Throws 422 for names that no path, or no item, could hold. */
export function checkInstanceName({ groupId, instanceId }: InstanceName): void {
  for (const name of [groupId, instanceId]) {
    if (name !== '' && Buffer.byteLength(name) <= nameBytesMax && !unfit.test(name)) continue;
    throw unprocessable(`Names of groups and instances have 1 to ${nameBytesMax} bytes of text.`);
  }
}

/** `rest-consumer-` and a UUID (version 4), as R names instances. */
export function newInstanceId(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return `rest-consumer-${parts.join('-')}`;
}
