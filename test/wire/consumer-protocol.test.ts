import { describe, expect, test } from 'vitest';
import { MalformedBytes } from '../../shared/base/bytes.ts';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../shared/protocol/consumer-protocol.ts';

const subscription = {
  topics: ['orders'],
  userData: Buffer.from('u'),
  ownedPartitions: [{ topic: 'orders', partitions: [0, 2] }],
  generationId: 5,
  rackId: 'a',
};

describe('what consumers tell each other through the group', () => {
  test('a subscription says in each version what that version knows', () => {
    const absent = { ownedPartitions: [], generationId: -1, rackId: null };
    const { topics, userData, ownedPartitions, generationId } = subscription;
    const read = [0, 1, 2, 3].map((version) => decodeSubscription(encodeSubscription(version, subscription)));
    expect(read).toEqual([
      { ...absent, topics, userData },
      { ...absent, topics, userData, ownedPartitions },
      { ...absent, topics, userData, ownedPartitions, generationId },
      subscription,
    ]);
  });

  test('the bytes are those of Kafka: version, topics, user data', () => {
    const bytes = encodeSubscription(0, { topics: ['orders'] });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '0000' + '00000001' + '0006' + '6f7264657273' + 'ffffffff',
    );
    expect(decodeAssignment(Buffer.from('000000000000ffffffff', 'hex'))).toEqual({
      assignedPartitions: [],
      userData: null,
    });
  });

  test('an assignment comes back as it was given', () => {
    const assignment = { assignedPartitions: [{ topic: 'orders', partitions: [1] }], userData: null };
    for (const version of [0, 1, 2, 3])
      expect(decodeAssignment(encodeAssignment(version, assignment))).toEqual(assignment);
  });

  test('a version from the future is read as far as we know it', () => {
    const bytes = Buffer.concat([encodeSubscription(3, subscription), Buffer.from('more')]);
    bytes.writeInt16BE(9, 0);
    expect(decodeSubscription(bytes)).toEqual(subscription);
  });

  test('what is cut short or has no version is refused', () => {
    const bytes = encodeSubscription(3, subscription);
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeSubscription(bytes.subarray(0, length))).toThrow(MalformedBytes);
    expect(() => decodeSubscription(Buffer.from('ffff0000000000000000', 'hex'))).toThrow(/version -1/);
  });
});
