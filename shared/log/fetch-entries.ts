import type { KafkaError } from '../kafka/error-codes.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { patchBatch } from '../records/record-batch.ts';
import type { PlacedEntry } from '../storage/items/entry.ts';
import { payloadKey, readPayload } from '../storage/items/payload.ts';
import { batchObjectKey } from '../storage/objects/object-keys.ts';
import type { LogContext } from './log-context.ts';
import { faultOfStaged, type StoredBatch } from './stored-batch.ts';

/** What became of the bytes that an entry names. */
export type FetchedEntry = {
  entry: PlacedEntry;
  /** Without bytes where the entry is a gap. */
  batch?: StoredBatch;
  /** Why there is no batch: the bytes are missing (the log may have moved on), or damaged. */
  fault?: 'missing' | KafkaError;
  /** The store will forget the payload by itself. */
  expires: boolean;
};

/**
 * The batches of entries, in their order: payload items by one batch get, objects by one ranged read each.
 * Base offset and leader epoch are patched in: Kafka's checksum does not cover them.
 */
export async function fetchEntries(
  context: LogContext,
  partition: PartitionId,
  entries: readonly PlacedEntry[],
  leaderEpoch: number,
): Promise<FetchedEntry[]> {
  const [payloads, parts] = await Promise.all([
    fetchPayloads(context, partition, entries),
    fetchParts(context, entries),
  ]);
  return entries.map((entry) => {
    const { at } = entry;
    const expires = false;
    if (at.kind === 'gap') return { entry, batch: withoutBytes(entry), expires };
    const payload = at.kind === 'item' ? payloads.get(at.id) : undefined;
    const bytes =
      at.kind === 'embedded' || at.kind === 'marker' ? at.batch : (payload?.batch ?? parts.get(entry));
    if (bytes === undefined) return { entry, fault: 'missing', expires };
    const fault = faultOfStaged(context, entry, bytes);
    if (fault) return { entry, fault, expires };
    // What came by a read of its own is nobody else's; what lies in an entry is.
    const patched = payload || at.kind === 'object' ? bytes : bytes.slice();
    patchBatch(patched, { baseOffset: entry.baseOffset, partitionLeaderEpoch: leaderEpoch });
    const batch = { bytes: patched, baseOffset: entry.baseOffset, nextOffset: entry.nextOffset };
    return { entry, batch, expires: payload?.expires ?? false };
  });
}

/** Offsets that hold no records any more: readers step over them. */
export const withoutBytes = ({ baseOffset, nextOffset }: PlacedEntry): StoredBatch => ({
  bytes: new Uint8Array(),
  baseOffset,
  nextOffset,
});

type Payload = { batch: Uint8Array; expires: boolean };

async function fetchPayloads(
  context: LogContext,
  partition: PartitionId,
  entries: readonly PlacedEntry[],
): Promise<Map<string, Payload>> {
  const ids = entries.flatMap(({ at }) => (at.kind === 'item' ? [at.id] : []));
  if (ids.length === 0) return new Map();
  const items = await context.stores.metadata.getMany(ids.map((id) => payloadKey(partition, id)));
  return new Map(
    ids.flatMap((id, place) => {
      const item = items[place];
      return item ? [[id, { batch: readPayload(item), expires: item.ttl !== undefined }] as const] : [];
    }),
  );
}

async function fetchParts(
  { stores }: LogContext,
  entries: readonly PlacedEntry[],
): Promise<Map<PlacedEntry, Uint8Array>> {
  const parts = await Promise.all(
    entries.map(async (entry) => {
      if (entry.at.kind !== 'object') return [];
      const key = batchObjectKey(entry.at.id);
      const bytes = await stores.objects.getRange(key, entry.at.position, entry.sizeBytes);
      return bytes ? [[entry, bytes] as const] : [];
    }),
  );
  return new Map(parts.flat());
}
