import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../../shared/base/clock.ts';
import { HeldFrames } from '../../../../shared/broker/held-frames.ts';
import { kafkaErrorName, kafkaErrors } from '../../../../shared/kafka/error-codes.ts';
import { encodeResponse } from '../../../../shared/protocol/frame.ts';
import { deleteGroups } from '../../../../shared/protocol/messages/delete-groups.ts';
import { heartbeat } from '../../../../shared/protocol/messages/heartbeat.ts';
import { joinGroup } from '../../../../shared/protocol/messages/join-group.ts';
import { leaveGroup } from '../../../../shared/protocol/messages/leave-group.ts';
import { offsetCommit } from '../../../../shared/protocol/messages/offset-commit.ts';
import { syncGroup } from '../../../../shared/protocol/messages/sync-group.ts';
import type { Api, Decoded, Fields, Given } from '../../../../shared/protocol/schema.ts';
import { decodedAnswer, frameOf, testCaller } from '../../../support/broker-engine.ts';
import type { Fate } from '../../../support/invoked-functions.ts';
import { openStand, type Stand } from './stand.ts';

async function call<Req extends Fields, Res extends Fields>(
  { broker }: Stand,
  api: Api<string, Req, Res>,
  version: number,
  body: Given<Req>,
): Promise<Decoded<Res>> {
  const { signal } = new AbortController();
  return decodedAnswer(
    api,
    version,
    await broker.serve(frameOf(api, version, body), testCaller, signal).answer,
  );
}

const group = { groupId: 'g', protocolType: 'consumer' };
const session = { sessionTimeoutMs: 72_000, rebalanceTimeoutMs: 300_000 };

/** A gateway with a hold, a member that is alone in its group, and how often functions were invoked. */
async function oneMember(heartbeatHoldMs: number, fate: () => Fate = () => 'answered') {
  const clock = new ManualClock();
  const stand = await openStand({ clock, heartbeatHoldMs, fate });
  await stand.functions.topics.create({ name: 'orders' });
  const join = () =>
    call(stand, joinGroup, 3, {
      ...{ ...group, ...session, memberId: '' },
      protocols: [{ name: 'range', metadata: Uint8Array.of(1) }],
    });
  const { memberId, generationId } = await join();
  const member = { groupId: 'g', memberId, generationId };
  const sync = () =>
    call(stand, syncGroup, 3, { ...member, assignments: [{ memberId, assignment: Uint8Array.of(1) }] });
  await sync();
  clock.advance(24_000); // its lease is due
  const beat = async (version = 4): Promise<string> =>
    kafkaErrorName((await call(stand, heartbeat, version, member)).errorCode);
  const invoked = (): number => stand.functions.events.length;
  const isHeld = async (): Promise<boolean> => {
    const before = invoked();
    expect(await beat()).toBe('NONE');
    return invoked() === before;
  };
  return { clock, stand, member, join, sync, beat, invoked, isHeld };
}

describe('heartbeats by way of functions', () => {
  test.each([
    ['a hold of 12 s', 12_000, 6],
    ['no hold', 0, 24],
  ])('with %s: of 24, one each 3 s, so many are invocations', async (_, holdMs, count) => {
    const { clock, beat, invoked } = await oneMember(holdMs);
    const before = invoked();
    for (let beats = 0; beats < 24; beats++) {
      expect(await beat(beats % 5)).toBe('NONE');
      clock.advance(3_000);
    }
    expect(invoked() - before).toBe(count);
  });

  test('ask again after a join, a sync or a leave through this gateway', async () => {
    const { stand, member, join, sync, beat, isHeld } = await oneMember(12_000);
    expect([await isHeld(), await isHeld()]).toEqual([false, true]);
    await sync();
    expect([await isHeld(), await isHeld()]).toEqual([false, true]);
    await call(stand, deleteGroups, 2, { groupsNames: ['other', 'g'] });
    expect([await isHeld(), await isHeld()]).toEqual([false, true]);
    void join();
    let heard = await beat();
    while (heard === 'NONE') heard = await beat(); // without a tick of the clock
    expect(heard).toBe('REBALANCE_IN_PROGRESS');
    await call(stand, leaveGroup, 3, {
      groupId: 'g',
      members: [{ memberId: member.memberId, groupInstanceId: null }],
    });
    expect(await beat()).toBe('UNKNOWN_MEMBER_ID');
  });

  test('ask again when a commit was refused', async () => {
    const { stand, member, isHeld } = await oneMember(12_000);
    expect([await isHeld(), await isHeld()]).toEqual([false, true]);
    const commit = async (generationIdOrMemberEpoch: number): Promise<string> => {
      const partitions = [{ partitionIndex: 0, committedOffset: 1n, committedMetadata: null }];
      const topics = [{ name: 'orders', partitions }];
      const whose = { groupId: 'g', memberId: member.memberId, generationIdOrMemberEpoch };
      const answer = await call(stand, offsetCommit, 8, { ...whose, topics });
      return kafkaErrorName(answer.topics[0]?.partitions[0]?.errorCode ?? 0);
    };
    expect([await commit(member.generationId), await isHeld()]).toEqual(['NONE', true]);
    expect(await commit(member.generationId - 1)).toBe('ILLEGAL_GENERATION');
    expect([await isHeld(), await isHeld()]).toEqual([false, true]);
  });

  test('are answered while functions fail, as long as the hold lasts', async () => {
    let fate: Fate = 'answered';
    const { clock, stand, member, beat } = await oneMember(12_000, () => fate);
    expect(await beat()).toBe('NONE');
    fate = 'refused';
    const other = { ...member, memberId: 'other' };
    expect((await call(stand, heartbeat, 4, other)).errorCode).toBe(kafkaErrors.NOT_COORDINATOR.code);
    expect(await beat()).toBe('NONE');
    clock.advance(12_000);
    expect(await beat()).toBe('NOT_COORDINATOR');
    fate = 'answered';
    expect(await beat()).toBe('NONE');
  });
});

describe('what a gateway does not hold', () => {
  const frame = frameOf(heartbeat, 4, { groupId: 'g', memberId: 'a', generationId: 1 });
  const answer = encodeResponse(heartbeat, 4, 7, { errorCode: 0 });
  const held = () => new HeldFrames({ clock: new ManualClock(), heartbeatHoldMs: 10_000 });

  test.each([
    ['of a function that does not say how long it may stand', answer],
    ['that ends the connection', { close: 'a bug' }],
  ] as const)('an answer %s', async (_, given) => {
    const frames = held();
    let asked = 0;
    const ask = async () => {
      asked++;
      return given;
    };
    for (let beats = 0; beats < 2; beats++)
      expect(await frames.serve('Heartbeat', frame, ask)).toEqual(given);
    expect(asked).toBe(2);
  });

  test('a request that cannot be read: the function says what is wrong with it', async () => {
    const cut = frame.subarray(0, frame.length - 4);
    const given = { close: 'malformed' };
    expect(await held().serve('Heartbeat', cut, async () => given)).toEqual(given);
  });
});
