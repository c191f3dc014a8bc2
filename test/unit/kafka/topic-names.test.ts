import { describe, expect, test } from 'vitest';
import {
  checkNewTopicName,
  checkTopicName,
  collisionPrefix,
  doTopicNamesCollide,
  isInternalTopic,
} from '../../../shared/kafka/topic-names.ts';

describe('topic names', () => {
  test.each(['a', 'A-b_c.9', '...', '-', '_', 'x'.repeat(249), '__consumer_offsets', 'constructor'])(
    'the name %s is legal',
    (name) => {
      expect(() => checkTopicName(name)).not.toThrow();
    },
  );

  test.each(['', '.', '..', 'x'.repeat(250), 'a b', 'a/b', 'a\n', 'ä', 'a:b', 'topic#x', '\0', '~'])(
    'the name %j is refused as INVALID_TOPIC_EXCEPTION',
    (name) => {
      expect(() => checkTopicName(name)).toThrow(
        expect.objectContaining({ errorName: 'INVALID_TOPIC_EXCEPTION' }),
      );
    },
  );

  test('the message names what is wrong and does not repeat a very long name', () => {
    expect(() => checkTopicName('x'.repeat(5000))).toThrow(/5000 characters, 249 are allowed/);
    expect(() => checkTopicName('x'.repeat(5000))).not.toThrow(/x{100}/);
  });

  test('the topic of cluster metadata may not be made', () => {
    expect(() => checkNewTopicName('__cluster_metadata')).toThrow(
      expect.objectContaining({ errorName: 'INVALID_REQUEST' }),
    );
    expect(() => checkNewTopicName('orders')).not.toThrow();
  });

  test('the three topics in which Kafka keeps state are internal', () => {
    expect(['__consumer_offsets', '__transaction_state', '__share_group_state'].every(isInternalTopic)).toBe(
      true,
    );
    expect(isInternalTopic('__cluster_metadata')).toBe(false);
    expect(isInternalTopic('orders')).toBe(false);
  });

  test('names that differ only by dot and underscore collide', () => {
    expect(doTopicNamesCollide('a.b', 'a_b')).toBe(true);
    expect(doTopicNamesCollide('a.b_c', 'a_b.c')).toBe(true);
    expect(doTopicNamesCollide('a.b', 'a.b')).toBe(false);
    expect(doTopicNamesCollide('a.b', 'a-b')).toBe(false);
    expect(doTopicNamesCollide('a.b', 'A_b')).toBe(false);
  });

  test('every name that collides begins with the part before the first dot or underscore', () => {
    expect(collisionPrefix('orders.eu_west')).toBe('orders');
    expect(collisionPrefix('_orders')).toBe('');
    expect(collisionPrefix('orders')).toBeUndefined();
  });
});
