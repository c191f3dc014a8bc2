import type { Mutant } from './mutant.ts';

const deletion = 'shared/catalog/delete-topic.ts';
const addition = 'shared/catalog/add-partitions.ts';

const removeHeads = `  await forEachAtMost(headsAtOnce, partitions, (partition) =>
    removeHead(store, { topicId: topic.topicId, partition }),
  );
`;

export const topicMutants: readonly Mutant[] = [
  {
    name: 'topic item deleted first',
    theme: 'topics',
    promise: 'I1',
    why: '4c.a: the name is free, and a cached id still acknowledges',
    patches: [
      { file: deletion, find: removeHeads, replace: '' },
      {
        file: deletion,
        find: '        { put: deletedTopicKey(topic.topicId), item: writeDeletedTopic(deleted) },\n      ]),\n    ),\n  );\n',
        replace: `        { put: deletedTopicKey(topic.topicId), item: writeDeletedTopic(deleted) },\n      ]),\n    ),\n  );\n${removeHeads}`,
      },
    ],
  },
  {
    name: 'one head left behind',
    theme: 'topics',
    promise: 'I1',
    why: '4c.a: a deletion that does not reach every head',
    patches: [
      {
        file: deletion,
        find: 'Array.from({ length: topic.partitions }, (_, partition) => partition)',
        replace: 'Array.from({ length: topic.partitions - 1 }, (_, partition) => partition)',
      },
    ],
  },
  {
    name: 'partitions counted before their heads',
    theme: 'topics',
    promise: 'I1',
    why: '4c.b: the topic names partitions that are not there',
    patches: [
      {
        file: addition,
        find: '    for (const run of partitionRuns(topic.partitions, total)) await makePartitions(store, topic, run);\n',
        replace: '',
      },
      {
        file: addition,
        find: '  return liveTopic(name, changed);\n}\n\n/** Throws',
        replace: `  const live = liveTopic(name, changed);
  for (const run of partitionRuns(0, total)) await makePartitions(store, live, run);
  return live;
}

/** Throws`,
      },
    ],
  },
];
