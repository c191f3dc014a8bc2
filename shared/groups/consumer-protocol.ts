import { ByteReader, MalformedBytes, utf8Decode } from '../base/bytes.ts';

/**
 * The topics that a member's metadata names in the protocol type `consumer`: version, then the names, as in
 * every version of ConsumerProtocolSubscription; what follows is not read. Undefined: it is something else.
 */
export function subscribedTopics(metadata: Uint8Array): string[] | undefined {
  try {
    const reader = new ByteReader(metadata);
    if (reader.int16() < 0) return undefined;
    const count = reader.int32();
    if (count < 0 || count > reader.remaining / 2) return undefined;
    return Array.from({ length: count }, () => utf8Decode(reader.raw(reader.int16())));
  } catch (error) {
    if (error instanceof MalformedBytes || error instanceof TypeError) return undefined;
    throw error;
  }
}
