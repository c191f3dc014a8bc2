import type { Mutant } from './mutant.ts';

const append = 'shared/log/append.ts';
const settle = 'shared/log/settle.ts';
const sequence = 'shared/log/sequence.ts';
const evict = 'shared/log/evict.ts';
const pageOut = 'shared/log/page-out.ts';
const repeat = 'shared/log/repeat.ts';
const read = 'shared/log/read.ts';

export const appendMutants: readonly Mutant[] = [
  {
    name: 'offset before data',
    theme: 'everything',
    promise: 'I2',
    why: 'the update does not wait until what it names is stored',
    patches: [{ file: append, find: 'update, { after }),', replace: 'update, { after: [] }),' }],
  },
  {
    name: 'paged without condition',
    theme: 'pages',
    promise: 'I3',
    why: 'two processes shorten the same tail',
    patches: [
      {
        file: pageOut,
        find: "condition: equals(['paged'], head.paged),",
        replace: "condition: { exists: ['paged'] },",
      },
    ],
  },
  {
    name: 'sequence 0 without evicted',
    theme: 'evictions',
    promise: 'I4',
    why: '1.a: a repeat of sequence 0 meets a head that has forgotten its producer',
    patches: [
      {
        file: sequence,
        find: "const isNew = all(absent(value), equals(['evicted'], 0n));",
        replace: 'const isNew = absent(value);',
      },
    ],
  },
  {
    name: 'return of a producer without evicted',
    theme: 'evictions',
    promise: 'I4',
    why: '1.p1: it was stored and evicted again between our read and our write',
    patches: [
      {
        file: sequence,
        find: "all(absent(value), equals(['evicted'], first.form.evicted))",
        replace: 'absent(value)',
      },
    ],
  },
  {
    name: 'eviction without asOf',
    theme: 'evictions',
    promise: 'I4',
    why: '1.b: a slow evictor puts an old value over a newer one',
    patches: [
      {
        file: evict,
        find: "all(isAtMost(['asOf'], head.next), isAtMost(['ended'], ended))",
        replace: "{ exists: ['t'] }",
      },
    ],
  },
  {
    name: 'eviction of a value that has moved on',
    theme: 'evictions',
    promise: 'I4',
    why: 'the item holds an older sequence than the head that is forgotten',
    patches: [{ file: evict, find: "equals(['prod', id], value),", replace: "{ exists: ['prod', id] }," }],
  },
  {
    name: 'producer item read before head',
    theme: 'evictions',
    promise: 'I4',
    why: '1.p3: it is evicted between the two reads and seems to be nowhere',
    patches: [
      {
        file: settle,
        find: '    const head = await loadHead(context, partition);\n    const verdict',
        replace: `    const early = pending.producer
      ? await findEvicted(context, partition, pending.producer.producerId)
      : undefined;
    const head = await loadHead(context, partition);
    Object.assign(pending, { early });
    const verdict`,
      },
      {
        file: settle,
        find: '(await findEvicted(context, partition, producer.producerId))',
        replace: '(pending as unknown as { early?: bigint }).early',
      },
    ],
  },
  {
    name: 'item used without comparing its value',
    theme: 'evictions',
    promise: 'I4',
    why: '1.d: whoever is in the item may append',
    patches: [
      {
        file: settle,
        find: "    case 'repeat': {",
        replace: `    case 'repeat': {
      if (inHead === undefined) {
        pending.form = { is: 'absent', evicted: head.evicted };
        return { is: 'sendAgain' };
      }`,
      },
    ],
  },
  {
    name: 'refused once is out of order',
    theme: 'producers',
    promise: 'I4',
    why: '1.c: the condition failed on an older head and holds by now',
    patches: [
      {
        file: settle,
        find: "      pending.form = inHead === undefined ? { is: 'absent', evicted: head.evicted } : { is: 'expected' };",
        replace:
          "      if (inHead !== undefined) return failed('OUT_OF_ORDER_SEQUENCE_NUMBER');\n      pending.form = { is: 'absent', evicted: head.evicted };",
      },
    ],
  },
  {
    name: 'repeat searched in an old head',
    theme: 'evictions',
    promise: 'I4',
    why: '1.b2: the entry joined the tail after our head was read',
    patches: [
      {
        file: settle,
        find: 'inHead === undefined ? await loadHead(context, partition) : head;',
        replace: 'head;',
      },
    ],
  },
  {
    name: 'newest segment only',
    theme: 'producers',
    promise: 'I4',
    why: '1.e: the first copy lies further back',
    patches: [{ file: repeat, find: '++segments > repeatSegmentsMax', replace: '++segments > 1' }],
  },
  {
    name: 'same staging key for a plain retry',
    theme: 'rolls',
    promise: 'I1',
    why: '4a.a, 4a.b: two entries share one payload, the roller deletes it with the first',
    patches: [{ file: settle, find: '(pending.wasUnknown && !pending.producer)', replace: 'false' }],
  },
  {
    name: 'silent resend',
    theme: 'everything',
    promise: 'I1',
    why: '4a.c, 4a.d: what was lost is sent again below the log; "condition failed" hides a success',
    patches: [
      {
        file: 'test/simulation/stores.ts',
        find: '      this.answer(`${name}: unknown`, answerTimeoutMs, () => reject(error));',
        replace: `      const again: Fate = { is: 'answered' };
      if (error.kind !== 'unknown') reject(error);
      const sendAgain = () => this.send(name, again, effect, resolve, reject);
      this.answer(\`\${name}: unknown\`, answerTimeoutMs, sendAgain);`,
      },
    ],
  },
  {
    name: 'unknown taken for refused',
    theme: 'pages',
    promise: 'I4',
    why: "4a.d: a group's members are sent one by one although the group may have been applied",
    patches: [
      {
        file: append,
        find: "if (outcome.is === 'unknown') for (const member of group) member.wasUnknown = true;",
        replace: "if (outcome.is === 'unknown' && group.length > 1) return this.commitEach(group);",
      },
    ],
  },
  {
    name: 'a failed look proves nothing stored',
    theme: 'everything',
    promise: 'I14',
    why: 'the answer was lost, the head cannot be read: "surely not stored" is said of what may be stored',
    patches: [
      {
        file: append,
        find: 'const isUnknown = member.wasUnknown && isStoreError(error);',
        replace: 'const isUnknown = false;',
      },
    ],
  },
  {
    name: 'group with a gap',
    theme: 'producers',
    promise: 'I4',
    why: 'the rest of a group goes on together although one of a sequence is missing in it',
    patches: [
      {
        file: append,
        find: '    await this.commitEach(rest);',
        replace: '    if (rest.length > 0) await this.commit(rest);',
      },
      {
        file: sequence,
        find: 'assert(chain.next === valueBefore(producer), "a producer\'s batches in a group are in sequence");',
        replace: 'assert(chain.next > 0n, "there is a chain");',
      },
    ],
  },
  {
    name: 'follower of a refused batch begins its producer',
    theme: 'producers',
    promise: 'I4',
    why: 'nobody knows the producer yet: its second batch is taken as its begin, and the first never again',
    patches: [
      {
        file: settle,
        find: "      if (value === undefined && pending.followsRefused) return failed('OUT_OF_ORDER_SEQUENCE_NUMBER');\n",
        replace: '',
      },
    ],
  },
  {
    name: 'append without swept',
    theme: 'sweeps',
    promise: 'I1',
    why: '2.b: a slow append names what a sweep removes',
    patches: [{ file: sequence, find: "[isBelow(['swept'], BigInt(Math.min(...times)))]", replace: '[]' }],
  },
  {
    name: 'page put over another',
    theme: 'pages',
    promise: 'I1',
    why: '1.g: another version of the code made a larger page; what it held beyond ours is gone',
    patches: [
      {
        file: pageOut,
        find: "metadata.put(key, writePage(page), absent(['t']))),",
        replace: 'metadata.put(key, writePage(page))),',
      },
    ],
  },
  {
    name: 'own page boundary instead of the one found',
    theme: 'pages',
    promise: 'I1',
    why: '1.g: another version of the code made a smaller page; the larger count leaves the tail',
    patches: [
      { file: pageOut, find: 'if (stored) return readPage(stored);', replace: 'if (stored) return page;' },
    ],
  },
  {
    name: 'page that does not contain the offset',
    theme: 'pages',
    promise: 'I2',
    why: '2.f: the page at or before the offset is an older one',
    patches: [
      {
        file: read,
        find: 'if (!touches) throw new Moved(`the page that contains offset ${begin}`);',
        replace: '',
      },
      {
        file: read,
        find: 'if (expected !== head.paged) throw new Moved(`the page that contains offset ${expected ?? offset}`);',
        replace: '',
      },
    ],
  },
];
