import { afterAll, beforeAll, describe } from 'vitest';
import { type BrokerProcess, startBroker } from './broker-process.ts';
import { type Ended, type KafkaTool, runTool, type ToolOptions, toolsName } from './kafka-tools.ts';
import { Results } from './results.ts';
import { describeAdminTools } from './tools/admin-tools.ts';
import { describeGroupTools } from './tools/group-tools.ts';
import { describeRecordTools } from './tools/record-tools.ts';
import { describeTopicTools } from './tools/topic-tools.ts';

describe(toolsName, () => {
  const results = new Results<KafkaTool>({ name: toolsName, lacks: [] });
  let broker: BrokerProcess;
  beforeAll(async () => {
    broker = await startBroker({});
  }, 90_000);
  afterAll(async () => {
    await broker?.stop();
    results.write();
  });
  const ask = (tool: KafkaTool, args: string, options?: ToolOptions): Promise<Ended> =>
    runTool(tool, ['--bootstrap-server', broker.bootstrap, ...args.split(' ')], options);
  const bench = { results, ask, bootstrap: () => broker.bootstrap };
  describeTopicTools(bench);
  describeRecordTools(bench);
  describeGroupTools(bench);
  describeAdminTools(bench);
});
