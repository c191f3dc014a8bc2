import { expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { silentLog } from '../../../shared/base/log.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import { heartbeat } from '../../../shared/protocol/messages/heartbeat.ts';
import { joinGroup } from '../../../shared/protocol/messages/join-group.ts';
import { syncGroup } from '../../../shared/protocol/messages/sync-group.ts';
import type { Api, Decoded, Fields, Given } from '../../../shared/protocol/schema.ts';
import { openGatewayRuntime } from '../../../shared/runtime/gateway-runtime.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { decodedAnswer, frameOf, testCaller } from '../../support/broker-engine.ts';
import { countingStores } from '../../support/counting-stores.ts';

test.each([
  [undefined, { get: 1 }],
  [12_000, {}],
])(
  'a gateway with a heartbeat hold of %s asks the store for a second heartbeat: %j',
  async (holdMs, calls) => {
    const world = { clock: new ManualClock(), random: seededRandom(1), log: silentLog };
    const stores = countingStores(openMemoryStores(world));
    const { broker, close } = await openGatewayRuntime({
      ...world,
      ...(holdMs === undefined ? {} : { heartbeatHoldMs: holdMs }),
      stores: { ...stores, close: async () => {} },
      inCluster: false,
    });
    const { signal } = new AbortController();
    const call = async <Req extends Fields, Res extends Fields>(
      api: Api<string, Req, Res>,
      body: Given<Req>,
    ): Promise<Decoded<Res>> =>
      decodedAnswer(api, 3, await broker.serve(frameOf(api, 3, body), testCaller, signal).answer);
    const group = { groupId: 'g', protocolType: 'consumer' };
    const patience = { sessionTimeoutMs: 72_000, rebalanceTimeoutMs: 300_000 };
    const protocols = [{ name: 'range', metadata: Uint8Array.of(1) }];
    const { memberId, generationId } = await call(joinGroup, {
      ...group,
      ...patience,
      memberId: '',
      protocols,
    });
    const member = { groupId: 'g', memberId, generationId };
    await call(syncGroup, { ...member, assignments: [{ memberId, assignment: Uint8Array.of(1) }] });
    const beat = async () => expect((await call(heartbeat, member)).errorCode).toBe(0);
    await beat();
    expect((await stores.costOf(beat)).calls).toEqual(calls);
    await close();
  },
);
