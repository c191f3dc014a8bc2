import type { Mutant } from './mutant.ts';

const roll = 'shared/log/roll.ts';
const sweep = 'shared/log/sweep.ts';
const names = 'shared/log/names.ts';

export const jobMutants: readonly Mutant[] = [
  {
    name: 'roll in two steps',
    theme: 'rolls',
    promise: 'I1',
    why: '2.a: the item first, then the head; two rollers with other boundaries lose what lies between',
    patches: [
      {
        file: roll,
        find: '  if (!(await decide(context, partition, segment, objectMs))) return false;\n  await putSegmentItem(context, partition, segment);\n',
        replace: `  const itemKey = segmentKey(partition, segment.baseOffset);
  await tryWrite(context.stores.metadata.put(itemKey, writeSegment(segment), absent(['t'])));
  if (!(await decide(context, partition, segment, objectMs))) return false;
`,
      },
      {
        file: roll,
        find: "changes: [set(['rolled'], segment.nextOffset), set(['newSeg'], writeSegment(segment))],",
        replace: "changes: [set(['rolled'], segment.nextOffset)],",
      },
      {
        file: roll,
        find: 'readPartitionHead(outcome.value).newSeg?.object === segment.object',
        replace: 'readPartitionHead(outcome.value).rolled === segment.nextOffset',
      },
    ],
  },
  {
    name: 'roll above paged',
    theme: 'rolls',
    promise: 'I1',
    why: '2.g: a page is rolled before the head has let go of its entries',
    patches: [
      {
        file: roll,
        find: 'if (head.newSeg || head.rolled >= head.paged) return [];',
        replace: 'if (head.newSeg) return [];',
      },
      {
        file: roll,
        find: 'pageRange(partition, head.rolled, head.paged - 1n)',
        replace: 'pageRange(partition, head.rolled)',
      },
      {
        file: roll,
        find: 'page.baseOffset !== next || page.nextOffset > head.paged',
        replace: 'page.baseOffset !== next',
      },
      { file: roll, find: "      isAtLeast(['paged'], segment.nextOffset),\n", replace: '' },
    ],
  },
  {
    name: 'roll decided without its base',
    theme: 'rolls',
    promise: 'I1',
    why: 'a late decision moves rolled back, or over what it does not hold',
    patches: [{ file: roll, find: "      equals(['rolled'], segment.baseOffset),\n", replace: '' }],
  },
  {
    name: 'roll decided over another',
    theme: 'rolls',
    promise: 'I1',
    why: 'newSeg of the decision before is overwritten: its segment never becomes an item',
    patches: [
      { file: roll, find: "      absent(['newSeg']),\n", replace: '' },
      {
        file: roll,
        find: 'if (head.newSeg || head.rolled >= head.paged)',
        replace: 'if (head.rolled >= head.paged)',
      },
      { file: roll, find: '  if (head?.newSeg) {', replace: '  if (head === null) {' },
    ],
  },
  {
    name: 'roll without swept',
    theme: 'sweeps',
    promise: 'I1',
    why: '2.c: a slow roller names an object that a sweep removes',
    patches: [{ file: roll, find: "      isBelow(['swept'], BigInt(objectMs)),\n", replace: '' }],
  },
  {
    name: 'loser deletes its object',
    theme: 'rolls',
    promise: 'I1',
    why: '2.p2: a roller thinks it lost; its call then lands',
    patches: [
      {
        file: roll,
        find: '  if (!(await decide(context, partition, segment, objectMs))) return false;\n',
        replace: `  if (!(await decide(context, partition, segment, objectMs))) {
    await context.stores.objects.delete([segment.object]);
    return false;
  }
`,
      },
    ],
  },
  {
    name: 'shared object deleted by a roller',
    theme: 'rolls',
    promise: 'I1',
    why: "4b.a: another partition's append is about to name it",
    patches: [
      {
        file: roll,
        find: '  await removeAll(context, toRemove);\n',
        replace: `  await removeAll(context, toRemove);
  const ids = entries.flatMap(({ at }) => (at.kind === 'object' ? [at.id] : []));
  await context.stores.objects.delete(ids.map(batchObjectKey));
`,
      },
      {
        file: roll,
        find: "import { rolledObjectKey, ulidOfObjectKey } from '../storage/objects/object-keys.ts';",
        replace:
          "import { batchObjectKey, rolledObjectKey, ulidOfObjectKey } from '../storage/objects/object-keys.ts';",
      },
    ],
  },
  {
    name: 'newSeg forgotten before its item is there',
    theme: 'rolls',
    promise: 'I1',
    why: 'the decision is given up before it is carried out: a process dies between',
    patches: [
      {
        file: roll,
        find: "  await tryWrite(repeated(policy, () => metadata.put(key, writeSegment(segment), absent(['t']))));\n",
        replace: '',
      },
      {
        file: roll,
        find: '  await tryWrite(repeated(policy, () => metadata.update(partitionHeadKey(partition), update)));\n',
        replace: `  await tryWrite(repeated(policy, () => metadata.update(partitionHeadKey(partition), update)));
  await tryWrite(repeated(policy, () => metadata.put(key, writeSegment(segment), absent(['t']))));
`,
      },
    ],
  },
  {
    name: 'pages removed before the decision',
    theme: 'rolls',
    promise: 'I1',
    why: 'a roller dies between: the records are nowhere',
    patches: [
      {
        file: roll,
        find: '  if (!(await decide(context, partition, segment, objectMs))) return false;\n',
        replace: `  await removeRolledPages(context, partition, config, segment.nextOffset);
  if (!(await decide(context, partition, segment, objectMs))) return false;
`,
      },
    ],
  },
  {
    name: 'sweep without swept',
    theme: 'sweeps',
    promise: 'I1',
    why: '2.b, 2.c: nothing names a key, then a slow append does',
    patches: [
      {
        file: names,
        find: '  await tryWrite(repeated(appendRetry(context), () => metadata.update(partitionHeadKey(partition), update)));\n',
        replace: '  void [update, metadata];\n',
      },
    ],
  },
  {
    name: 'fence after the names',
    theme: 'sweeps',
    promise: 'I1',
    why: '2.b: an append between the look and the fence is not seen',
    patches: [
      {
        file: sweep,
        find: '  if (!dryRun) await fence(context, partition, time);\n  const { head, ids } = await stagedNames(context, partition);\n',
        replace:
          '  const { head, ids } = await stagedNames(context, partition);\n  if (!dryRun) await fence(context, partition, time);\n',
      },
      {
        file: sweep,
        find: '    if (!dryRun) await fence(context, partition, time);\n    for (const id of (await stagedNames(context, partition)).ids) named.add(id);\n',
        replace:
          '    for (const id of (await stagedNames(context, partition)).ids) named.add(id);\n    if (!dryRun) await fence(context, partition, time);\n',
      },
    ],
  },
  {
    name: 'sweep reads pages before head',
    theme: 'sweeps',
    promise: 'I1',
    why: '2.p1: entries move from the head to a page between the two reads',
    patches: [
      {
        file: names,
        find: `  const head = await findHead(context, partition);
  if (!head) return { head: undefined, ids: new Set() };
  const ids = new Set(tailEntries(head).flatMap(({ at }) => idOf(at)));
`,
        replace: '  const ids = new Set<string>();\n',
      },
      {
        file: names,
        find: '  return { head, ids };\n',
        replace: `  const head = await findHead(context, partition);
  if (!head) return { head: undefined, ids: new Set() };
  for (const { at } of tailEntries(head)) for (const id of idOf(at)) ids.add(id);
  return { head, ids };
`,
      },
    ],
  },
  {
    name: 'newSeg is no name for the sweep',
    theme: 'sweeps',
    promise: 'I1',
    why: '6.p7: a decided segment without its item counts as nameless',
    patches: [{ file: sweep, find: 'object !== newSegObject && (', replace: 'object.length > 0 && (' }],
  },
  {
    name: 'sweep asks one partition of a shared object',
    theme: 'sweeps',
    promise: 'I1',
    why: '4b.b: another one names it',
    patches: [
      {
        file: sweep,
        find: '  for (const partition of listed.values()) {',
        replace: '  for (const partition of [...listed.values()].slice(0, 1)) {',
      },
    ],
  },
  {
    name: 'start moves without condition',
    theme: 'retention',
    promise: 'I8',
    why: 'a slow retention moves the log start back',
    patches: [
      {
        file: 'shared/log/start-offset.ts',
        find: "all(isBelow(['start'], start), isAtLeast(['next'], start))",
        replace: "isAtLeast(['next'], start)",
      },
    ],
  },
  {
    name: 'segments removed before start moves',
    theme: 'retention',
    promise: 'I9',
    why: 'index first, data after: a process dies between, and readers miss what the start still promises',
    patches: [
      {
        file: 'shared/log/retention.ts',
        find: '  if (start > head.start) await advanceStart(context, partition, start);\n  await removeBelowStart(context, partition, start);\n',
        replace:
          '  await removeBelowStart(context, partition, start);\n  if (start > head.start) await advanceStart(context, partition, start);\n',
      },
    ],
  },
  {
    name: 'an expired entry takes newer ones with it',
    theme: 'expiry',
    promise: 'I10',
    why: 'the log start moves over records dated ahead, or sequenced after a long sleep',
    patches: [
      {
        file: 'shared/log/read.ts',
        find: '  if (latest + config.retentionMs >= BigInt(context.clock.nowMs())) return;\n',
        replace: '  void latest;\n',
      },
    ],
  },
];
