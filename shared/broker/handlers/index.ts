import type { ApiName } from '../../protocol/messages/index.ts';
import type { Handler } from '../handler.ts';
import { apiVersions } from './api-versions.ts';
import { fetch } from './fetch.ts';
import { findCoordinator } from './find-coordinator.ts';
import { initProducerId } from './init-producer-id.ts';
import { listOffsets } from './list-offsets.ts';
import { metadata } from './metadata.ts';
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.ts';
import { produce } from './produce.ts';

/** A handler of whichever API. */
export type AnyHandler = Handler<ApiName>;

/** One handler for each API that is served, by Kafka's name. */
export const handlers: { readonly [Name in ApiName]?: Handler<Name> } = {
  Produce: produce,
  Fetch: fetch,
  ListOffsets: listOffsets,
  Metadata: metadata,
  FindCoordinator: findCoordinator,
  ApiVersions: apiVersions,
  InitProducerId: initProducerId,
  OffsetForLeaderEpoch: offsetForLeaderEpoch,
};
