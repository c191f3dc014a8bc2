import { crc32c } from '@node-rs/crc32';
import { openPortableCodecs } from './codecs-portable.ts';
import type { RecordCodecs } from './compression.ts';

/**
 * Codecs for one's own process: CRC32C, which every batch needs, by a native module (prebuilt), 7 times
 * faster.
 */
export async function openNativeCodecs(): Promise<RecordCodecs> {
  return { ...(await openPortableCodecs()), crc32c };
}
