import { badRequest } from '../errors.ts';
import type { ProducerSequence } from '../produce.ts';
import type { Handler } from '../rest-request.ts';

/** The header by which an idempotent producer numbers its requests. */
export const producerHeader = 'millrace-producer';

const headerText = /^\s*([0-9]{1,19})\s*;\s*epoch\s*=\s*([0-9]{1,5})\s*;\s*sequence\s*=\s*([0-9]{1,10})\s*$/i;
const int64Max = 2n ** 63n - 1n;

/**
 * Reads `Millrace-Producer: <producer id>;epoch=<n>;sequence=<n>`. The sequence is that of the request's
 * first record in its partition: 0 at first, then one more for each record that was stored there before
 * (Kafka's base sequence).
 */
export function producerSequenceOf(headers: Headers): ProducerSequence | undefined {
  const text = headers.get(producerHeader);
  if (text === null) return undefined;
  const [, id, epoch, sequence] = headerText.exec(text) ?? [];
  const producerId = BigInt(id ?? -1);
  const producerEpoch = Number(epoch);
  const baseSequence = Number(sequence);
  const isValid =
    producerId >= 0n && producerId <= int64Max && producerEpoch < 2 ** 15 && baseSequence < 2 ** 31;
  if (!isValid) {
    throw badRequest('Millrace-Producer must read <producer id>;epoch=<n>;sequence=<n>.');
  }
  return { producerId, producerEpoch, baseSequence };
}

export const createProducer: Handler = async (_request, { producerIds }) => ({
  status: 200,
  body: { producer_id: await producerIds.next(), producer_epoch: 0 },
});
