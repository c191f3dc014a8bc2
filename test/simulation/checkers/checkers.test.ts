import { describe, expect, test } from 'vitest';
import { newPartitionHead } from '../../../shared/storage/items/partition-head.ts';
import { History, type Producer } from '../history.ts';
import { brokenHead } from './broken-head.ts';
import { check, checkers } from './check.ts';

const p = 'topic/0';
const records = (...values: string[]) => values.map((value) => ({ key: 'k', value }));

/** Histories in a few words. Each step begins after the one before has ended, unless said otherwise. */
class Story {
  readonly history = new History();

  sent(values: string[], producer?: Producer, timestampMs = 0) {
    const body = { does: 'append' as const, partition: p, records: records(...values), timestampMs };
    return this.history.invoke('client', producer ? { ...body, producer } : body);
  }

  appended(values: string[], baseOffset: bigint, producer?: Producer): this {
    this.history.ok(this.sent(values, producer), { baseOffset, logStartOffset: 0n });
    return this;
  }

  refused(values: string[], error: string, producer?: Producer): this {
    this.history.fail(this.sent(values, producer), error);
    return this;
  }

  /** A read of batches, each `[base offset, values]`, from `offset` on. */
  read(offset: bigint, batches: [bigint, string[], string?][], more: ReadOptions = {}): this {
    const { start = 0n, next, highWatermark, ...named } = more;
    const read = this.history.invoke('client', { does: 'read' as const, partition: p, offset, ...named });
    const last = batches.at(-1);
    const end = next ?? (last ? last[0] + BigInt(last[1].length) : offset);
    this.history.ok(read, {
      batches: batches.map(([baseOffset, values, digest = '']) => ({
        baseOffset,
        records: records(...values),
        digest,
      })),
      nextOffset: end,
      logStartOffset: start,
      highWatermark: highWatermark ?? end,
    });
    return this;
  }

  final(offset: bigint, batches: [bigint, string[], string?][], more: ReadOptions = {}): this {
    return this.read(offset, batches, { isFinal: true, start: offset, ...more });
  }

  topic(does: 'createTopic' | 'deleteTopic' | 'describeTopic', topicId?: string): this {
    const operation = this.history.invoke('client', { does, topic: 'name' });
    this.history.ok(operation, topicId === undefined ? {} : { topicId });
    return this;
  }
}

type ReadOptions = {
  start?: bigint;
  next?: bigint;
  highWatermark?: bigint;
  session?: string;
  isFinal?: boolean;
};

const producer = (baseSequence: number): Producer => ({ producerId: 7n, producerEpoch: 0, baseSequence });
const found = (story: Story): string[] => [...new Set(check(story.history).map(({ checker }) => checker))];

/** A run in which everything is as it should be, with something of everything. */
function sound(): Story {
  const story = new Story()
    .topic('createTopic', 'topic')
    .appended(['a0', 'a1'], 0n, producer(0))
    .appended(['b'], 2n)
    .read(0n, [[0n, ['a0', 'a1'], 'x']], { session: 's', highWatermark: 3n })
    .appended(['a0', 'a1'], 0n, producer(0))
    .read(2n, [[2n, ['b'], 'y']], { session: 's' })
    .read(1n, [[0n, ['a0', 'a1'], 'x']], { highWatermark: 3n })
    .refused(['z'], 'OUT_OF_ORDER_SEQUENCE_NUMBER', producer(9));
  story.sent(['lost']);
  return story;
}

describe('the checkers', () => {
  test('find nothing in a sound history', () => {
    const story = sound();
    story.final(0n, [
      [0n, ['a0', 'a1'], 'x'],
      [2n, ['b'], 'y'],
      [3n, ['lost'], 'z'],
    ]);
    expect(check(story.history)).toEqual([]);
  });

  test('find nothing where DeleteRecords moved the log start', () => {
    const story = sound();
    const moved = story.history.invoke('client', { does: 'deleteRecords', partition: p, offset: 2n });
    story.history.ok(moved, { logStartOffset: 2n });
    story.final(2n, [[2n, ['b'], 'y']]);
    expect(check(story.history)).toEqual([]);
  });

  test('have names of their own', () => {
    expect(new Set(checkers.map(({ name }) => name)).size).toBe(checkers.length);
  });
});

describe('lost write', () => {
  test('is found when another record is at the offset of an acknowledged one', () => {
    expect(found(new Story().appended(['a'], 0n).final(0n, [[0n, ['b']]]))).toContain('lost write');
  });
  test('is found when the log ends before an acknowledged record', () => {
    expect(found(new Story().appended(['a'], 0n).final(0n, []))).toContain('lost write');
  });
  test('is found when nobody read at the end', () => {
    expect(found(new Story().appended(['a'], 0n))).toContain('lost write');
  });
  test('is not found below the log start', () => {
    const story = new Story().appended(['a'], 0n).final(1n, []);
    expect(found(story)).not.toContain('lost write');
  });
});

describe('duplicate offset', () => {
  test('is found when two appends got the same offset', () => {
    const story = new Story().appended(['a', 'b'], 0n).appended(['c'], 1n);
    expect(found(story)).toContain('duplicate offset');
  });
  test('is found when a read shows two records at one offset', () => {
    const story = new Story().read(0n, [[0n, ['a']]]).read(0n, [[0n, ['b']]]);
    expect(found(story)).toContain('duplicate offset');
  });
});

describe('duplicate batch', () => {
  test('is found when a repeat was stored again', () => {
    const story = new Story().appended(['a'], 0n, producer(0)).appended(['a'], 1n, producer(0));
    expect(found(story)).toContain('duplicate batch');
  });
  test('is found when a read shows the batch twice', () => {
    const story = new Story().appended(['a'], 0n, producer(0)).final(0n, [
      [0n, ['a']],
      [1n, ['a']],
    ]);
    expect(found(story)).toContain('duplicate batch');
  });
  test('is not found where a plain producer repeated', () => {
    const story = new Story().appended(['a'], 0n).appended(['a'], 1n);
    expect(found(story)).not.toContain('duplicate batch');
  });
});

describe('hole', () => {
  test('is found when two batches of an answer do not touch', () => {
    const story = new Story().read(0n, [
      [0n, ['a']],
      [2n, ['c']],
    ]);
    expect(found(story)).toContain('hole');
  });
  test('is found when the first batch does not contain the offset', () => {
    expect(found(new Story().read(0n, [[1n, ['b']]]))).toContain('hole');
  });
  test('is found when nothing is there below the high watermark', () => {
    expect(found(new Story().read(0n, [], { highWatermark: 3n }))).toContain('hole');
  });
  test('is found when the last read fails', () => {
    const story = new Story();
    story.history.fail(
      story.history.invoke('client', { does: 'read', partition: p, offset: 0n, isFinal: true }),
      'KAFKA_STORAGE_ERROR',
    );
    expect(found(story)).toContain('hole');
  });
  test('is found when a read fails although everything is at rest', () => {
    const story = new Story();
    const body = { does: 'read' as const, partition: p, offset: 0n, isAtRest: true };
    story.history.fail(story.history.invoke('client', body), 'KAFKA_STORAGE_ERROR');
    expect(found(story)).toContain('hole');
  });
  test('is found when the last reads do not reach the high watermark', () => {
    expect(found(new Story().final(0n, [[0n, ['a']]], { highWatermark: 2n }))).toContain('hole');
  });
});

describe('skipped read', () => {
  test('is found when a reader is sent past a record', () => {
    const story = new Story().read(0n, [[0n, ['a']]], { session: 's', next: 2n });
    expect(found(story)).toContain('skipped read');
  });
  test('is found when a reader is sent back', () => {
    const story = new Story().read(5n, [], { session: 's', next: 4n });
    expect(found(story)).toContain('skipped read');
  });
  test('is found when a reader is shown an offset again', () => {
    const story = new Story()
      .read(0n, [[0n, ['a', 'b']]], { session: 's' })
      .read(1n, [[1n, ['b']]], { session: 's' });
    expect(found(story)).toContain('skipped read');
  });
});

describe('order', () => {
  test('is broken when a later append gets a lower offset', () => {
    const story = new Story().appended(['a'], 4n).appended(['b'], 3n);
    expect(found(story)).toContain('order');
  });
  test('is not broken by appends that were under way together', () => {
    const story = new Story();
    const [first, second] = [story.sent(['a']), story.sent(['b'])];
    story.history.ok(first, { baseOffset: 1n, logStartOffset: 0n });
    story.history.ok(second, { baseOffset: 0n, logStartOffset: 0n });
    expect(found(story)).not.toContain('order');
  });
  test('is broken when sequences of a producer are not in sequence', () => {
    const story = new Story();
    story.sent(['a'], producer(0));
    story.sent(['b'], producer(1));
    story.read(0n, [[0n, ['b', 'a']]]);
    expect(found(story)).toContain('order');
  });
});

describe('zombie', () => {
  test('is found when an older epoch writes behind a newer one', () => {
    const story = new Story()
      .appended(['new'], 0n, { producerId: 7n, producerEpoch: 1, baseSequence: 0 })
      .appended(['old'], 1n, { producerId: 7n, producerEpoch: 0, baseSequence: 0 });
    expect(found(story)).toContain('zombie');
  });
});

describe('start moved back', () => {
  test('is found when a later answer tells a lower log start', () => {
    const story = new Story().read(5n, [], { start: 5n }).read(3n, [], { start: 3n });
    expect(found(story)).toContain('start moved back');
  });
  test('is not found when both answers were under way together', () => {
    const story = new Story();
    const operations = [5n, 3n].map(() =>
      story.history.invoke('c', { does: 'offsets' as const, partition: p }),
    );
    operations.forEach((operation, at) => {
      story.history.ok(operation, { logStartOffset: at === 0 ? 5n : 3n, highWatermark: 9n });
    });
    expect(found(story)).not.toContain('start moved back');
  });
});

describe('high watermark moved back', () => {
  test('is found when the log is shorter than one that was seen', () => {
    const story = new Story().read(0n, [[0n, ['a', 'b']]]).read(0n, [[0n, ['a']]], { highWatermark: 1n });
    expect(found(story)).toContain('high watermark moved back');
  });
  test('is found when the log ends below an acknowledged record', () => {
    const story = new Story().appended(['a', 'b'], 0n).read(0n, [[0n, ['a']]], { highWatermark: 1n });
    expect(found(story)).toContain('high watermark moved back');
  });
});

describe('resurrected', () => {
  test('is found when a read shows what lies below a log start seen before', () => {
    const story = new Story()
      .read(5n, [], { start: 5n, highWatermark: 5n })
      .read(0n, [[0n, ['a']]], { start: 5n });
    expect(found(story)).toContain('resurrected');
  });
});

describe('bytes changed', () => {
  test('is found when an offset is served with other bytes', () => {
    const story = new Story().read(0n, [[0n, ['a'], 'x']]).read(0n, [[0n, ['a'], 'y']]);
    expect(found(story)).toContain('bytes changed');
  });
});

describe('removed too early', () => {
  test('is found when the log start passes what nobody may remove', () => {
    expect(found(new Story().appended(['a'], 0n).final(1n, []))).toContain('removed too early');
  });
  test('is not found when retention may remove it', () => {
    const story = new Story();
    story.history.kept.set(p, { retentionMs: 10n, retentionBytes: -1n });
    const append = story.sent(['a'], undefined, 100);
    story.history.ok(append, { baseOffset: 0n, logStartOffset: 0n }, 100);
    const read = story.history.invoke(
      'client',
      { does: 'read' as const, partition: p, offset: 1n, isFinal: true },
      111,
    );
    story.history.ok(read, { logStartOffset: 1n, nextOffset: 1n, highWatermark: 1n, batches: [] }, 111);
    expect(found(story)).not.toContain('removed too early');
  });
});

describe('wrongly out of range', () => {
  test('is found when an offset between start and end is refused', () => {
    const story = new Story().appended(['a', 'b'], 0n);
    const read = story.history.invoke('client', { does: 'read', partition: p, offset: 1n });
    story.history.fail(read, 'OFFSET_OUT_OF_RANGE');
    story.final(0n, [[0n, ['a', 'b']]]);
    expect(found(story)).toContain('wrongly out of range');
  });
});

describe('topic gone', () => {
  test('is found when a topic that nobody deleted is unknown', () => {
    const story = new Story().topic('createTopic', 'topic').refused(['a'], 'UNKNOWN_TOPIC_OR_PARTITION');
    expect(found(story)).toContain('topic gone');
  });
  test('is found when a topic acknowledges after its deletion was answered', () => {
    const story = new Story().topic('createTopic', 'topic').topic('deleteTopic').appended(['a'], 0n);
    expect(found(story)).toContain('topic gone');
  });
  test('is found when a topic acknowledges after its name stood for another one', () => {
    const story = new Story()
      .topic('createTopic', 'topic')
      .topic('deleteTopic')
      .topic('createTopic', 'other')
      .appended(['a'], 0n);
    expect(found(story)).toContain('topic gone');
  });
});

describe('wrong refusal', () => {
  test('is found when the offset of a recent batch is not found', () => {
    const story = new Story()
      .appended(['a'], 0n, producer(0))
      .refused(['a'], 'DUPLICATE_SEQUENCE_NUMBER', producer(0))
      .final(0n, [[0n, ['a']]]);
    expect(found(story)).toContain('wrong refusal');
  });
  test('is found when a batch that was never stored is called a repeat', () => {
    const story = new Story()
      .appended(['b'], 0n, producer(1))
      .refused(['a'], 'DUPLICATE_SEQUENCE_NUMBER', producer(0))
      .final(0n, [[0n, ['b']]]);
    expect(found(story)).toContain('wrong refusal');
  });
  test('is found when the next batch is called out of order', () => {
    const story = new Story()
      .appended(['a'], 0n, producer(0))
      .refused(['b'], 'OUT_OF_ORDER_SEQUENCE_NUMBER', producer(1))
      .final(0n, [[0n, ['a']]]);
    expect(found(story)).toContain('wrong refusal');
  });
  test('is found when a producer is fenced by nobody', () => {
    const story = new Story().refused(['a'], 'INVALID_PRODUCER_EPOCH', producer(0)).final(0n, []);
    expect(found(story)).toContain('wrong refusal');
  });
  test('is not found when the batch before is missing', () => {
    const story = new Story().refused(['b'], 'OUT_OF_ORDER_SEQUENCE_NUMBER', producer(1));
    expect(found(story)).not.toContain('wrong refusal');
  });
});

describe('refused yet stored', () => {
  test('is found when a record that was surely not stored can be read', () => {
    const story = new Story().refused(['a'], 'NOT_ENOUGH_REPLICAS').final(0n, [[0n, ['a']]]);
    expect(found(story)).toContain('refused yet stored');
  });
  test('is found when a record that nobody sent can be read', () => {
    expect(found(new Story().final(0n, [[0n, ['a']]]))).toContain('refused yet stored');
  });
});

describe('wrong offset for a time', () => {
  test('is found when an earlier record is at or after it', () => {
    const story = new Story();
    story.history.ok(story.sent(['a'], undefined, 10), { baseOffset: 0n, logStartOffset: 0n });
    story.history.ok(story.sent(['b'], undefined, 20), { baseOffset: 1n, logStartOffset: 0n });
    story.final(0n, [[0n, ['a', 'b']]]);
    const body = { does: 'offsetForTimestamp' as const, partition: p, timestampMs: 5, isFinal: true };
    story.history.ok(story.history.invoke('client', body), { found: { offset: 1n, timestampMs: 20 } });
    expect(found(story)).toContain('wrong offset for a time');
  });
});

describe('broken head', () => {
  const head = newPartitionHead('name');
  test('is not found in a new one', () => {
    expect(brokenHead(head)).toBeUndefined();
  });
  test.each([
    ['starts behind its end', { start: 1n }],
    ['is rolled above what is paged', { next: 2n, paged: 1n, rolled: 2n }],
    ['is paged above its end', { paged: 1n }],
    ['has another end than its tail', { next: 1n }],
    ['counts other bytes than its tail has', { tailBytes: 1n }],
  ])('is found when it %s', (_what, change) => {
    expect(brokenHead({ ...head, ...change })).toBeDefined();
  });
});
