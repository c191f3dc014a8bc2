import type { Item, Key } from '../item.ts';
import { catalogKey } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

export const producerIdsType = 'c';
const format = 1n;

/** The counter from which processes take blocks of producer ids. */
export const producerIdsKey: Key = { pk: catalogKey, sk: 'producer-ids' };

export const newProducerIds = (next: bigint): Item => ({ ...stamp(producerIdsType, format), next });

export const readNextProducerId = (item: Item): bigint =>
  readerOf(item, producerIdsType, format).number('next');
