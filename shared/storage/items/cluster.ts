import type { Item, Key } from '../item.ts';
import { catalogKey } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

export const clusterType = 'k';
const format = 1n;

/** The cluster's identity: the same behind every door. */
export const clusterKey: Key = { pk: catalogKey, sk: 'cluster' };

export const writeCluster = (clusterId: string): Item => ({ ...stamp(clusterType, format), id: clusterId });

export const readClusterId = (item: Item): string => readerOf(item, clusterType, format).text('id');
