import { type Command, InvalidArgumentError } from 'commander';
import * as shape from '../../shared/rest/contract-shapes.ts';
import { answer, type CommandContext, type DoorOptionValues, openDoor, withDoorOptions } from '../context.ts';
import type { Door } from '../door/door.ts';
import { fields, table } from '../output/table.ts';

type BrokerValues = DoorOptionValues & { readonly allConfigs?: boolean };

function brokerId(text: string): number {
  if (/^[0-9]{1,10}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is the number of a broker; `millrace brokers list` names them.');
}

/** `millrace cluster …` and `millrace brokers …`. */
export function addCluster(program: Command, context: CommandContext): void {
  const cluster = program.command('cluster').description('Show the cluster.');
  withDoorOptions(
    cluster
      .command('describe', { isDefault: true })
      .alias('info')
      .description('Shows its id, brokers and size.'),
  ).action((values: DoorOptionValues) => describeCluster(context, values));

  const brokers = program.command('brokers').alias('broker').description('Show the brokers.');
  withDoorOptions(
    brokers.command('list', { isDefault: true }).alias('ls').description('Lists all brokers.'),
  ).action((values: DoorOptionValues) => listBrokers(context, values));
  const describe = brokers
    .command('describe')
    .alias('info')
    .description('Shows a broker and its configs.')
    .argument('<id>', 'its number', brokerId)
    .option('--all-configs', 'show configs with their default, too');
  withDoorOptions(describe).action((id: number, values: BrokerValues) => describeBroker(context, id, values));
}

type Broker = {
  readonly broker: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
};

async function brokersOf(door: Door): Promise<Broker[]> {
  const { data } = await door.callV3('listKafkaBrokers', {}, shape.kafkaBrokerList);
  return data.map(({ broker_id: broker, host, port, rack }) => ({ broker, host, port, rack }));
}

const brokerTable = (brokers: readonly Broker[], isBold: boolean): string =>
  table(
    [{ title: 'BROKER' }, { title: 'HOST' }, { title: 'PORT' }, { title: 'RACK' }],
    brokers.map(({ broker, host, port, rack }) => [broker, host, port, rack]),
    isBold,
  );

async function describeCluster(context: CommandContext, values: DoorOptionValues): Promise<void> {
  const door = await openDoor(context, values);
  const { data } = await door.callV3('listKafkaTopics', {}, shape.kafkaTopicList);
  const brokers = await brokersOf(door);
  const found = {
    cluster: await door.cluster(),
    url: door.name,
    topics: data.length,
    partitions: data.reduce((sum, topic) => sum + topic.partitions_count, 0),
    brokers,
  };
  await answer(context, values, found, () => {
    const { cluster, url, topics, partitions } = found;
    const summary = fields([
      ['cluster', cluster],
      ['url', url],
      ['topics', topics],
      ['partitions', partitions],
    ]);
    return `${summary}\n${brokerTable(brokers, context.terminal.isBold)}`;
  });
}

async function listBrokers(context: CommandContext, values: DoorOptionValues): Promise<void> {
  const brokers = await brokersOf(await openDoor(context, values));
  await answer(context, values, brokers, () => brokerTable(brokers, context.terminal.isBold));
}

async function describeBroker(context: CommandContext, id: number, values: BrokerValues): Promise<void> {
  const door = await openDoor(context, values);
  const path = { broker_id: id };
  const { broker_id: broker, host, port, rack } = await door.callV3('getBroker', path, shape.kafkaBroker);
  const { data } = await door.callV3('listBrokerConfigs', path, shape.kafkaBrokerConfigList);
  const configs = data.map(({ name, value, is_default, source }) => ({ name, value, is_default, source }));
  await answer(context, values, { broker, host, port, rack, configs }, () => {
    const shown = configs.filter(({ is_default }) => values.allConfigs || !is_default);
    const configTable = table(
      [{ title: 'CONFIG' }, { title: 'VALUE' }, { title: 'SOURCE' }],
      shown.map(({ name, value, source }) => [name, value, source]),
      context.terminal.isBold,
    );
    const own = brokerTable([{ broker, host, port, rack }], context.terminal.isBold);
    return shown.length > 0 ? `${own}\n${configTable}` : own;
  });
}
