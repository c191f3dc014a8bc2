import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openInvokeBroker } from '../../gateway/invoke/invoke-broker.ts';
import { type Listener, listen } from '../../gateway/listener.ts';
import { systemClock } from '../../shared/base/clock.ts';
import { silentLog } from '../../shared/base/log.ts';
import { seededRandom, systemRandom } from '../../shared/base/random.ts';
import type { BrokerNode } from '../../shared/broker/broker-context.ts';
import { openLambdaInvoker } from '../../shared/runtime/aws-invoke.ts';
import { functionOutputs } from '../../shared/runtime/settings.ts';
import { type Consumer, type Kafka, openKafka } from '../gateway/kafkajs.ts';
import { eventually } from '../support/eventually.ts';
import { assumeRole } from './assume-role.ts';
import { canShow } from './capabilities.ts';
import { commandFailuresSuite } from './command-failures.suite.ts';
import { commandGatewaySuite } from './command-gateway.suite.ts';
import { commandLineSuite } from './command-line.suite.ts';
import { openUsers, type Users } from './command-users.ts';
import { type Deployment, deployStack } from './deployment.ts';
import { type FaultyLambda, openFaultyLambda, type Passage } from './faulty-lambda.ts';

const emulator = inject('emulator');
const app = 'node --import tsx test/aws/shop-app.ts';
const partitions = 3;
const total = 60;

describe.runIf(canShow(emulator.name, 'an HTTP API'))(
  'a Kafka gateway that may only invoke functions',
  () => {
    let deployment: Deployment;
    let lambda: FaultyLambda;
    let listener: Listener;
    let kafka: Kafka;
    let close = (): void => {};
    let fate: (functionName: string) => Passage = () => 'passed';

    beforeAll(async () => {
      deployment = await deployStack(
        emulator,
        'GatewayShop',
        { api: 'http', emulator: emulator.endpoint },
        app,
      );
      lambda = await openFaultyLambda(emulator.endpoint, (name) => fate(name));
      const { outputs } = deployment;
      const functionOf = (name: keyof typeof functionOutputs) => outputs[functionOutputs[name]] ?? '';
      const invoker = openLambdaInvoker({
        functions: {
          produce: functionOf('produce'),
          fetch: functionOf('fetch'),
          control: functionOf('control'),
        },
        endpoint: lambda.url,
        region: emulator.region,
        // A role with the rights of `grantGateway(role, 'invoke')` and no other.
        credentials: await assumeRole(emulator, outputs.GatewayRole ?? ''),
      });
      close = () => invoker.close();
      let nodes: BrokerNode[] = [];
      const world = { clock: systemClock, random: systemRandom, log: silentLog };
      const broker = await openInvokeBroker({ invoker, nodes: () => nodes, ...world });
      listener = await listen({ broker, brokerId: 1, host: '127.0.0.1', port: 0, ...world });
      nodes = [{ id: 1, host: '127.0.0.1', port: listener.port, rack: null }];
      kafka = openKafka([`127.0.0.1:${listener.port}`]);
      const admin = kafka.admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic: 'orders', numPartitions: partitions }] });
      await admin.createTopics({ topics: [{ topic: 'troubled', numPartitions: partitions }] });
      await admin.disconnect();
    }, 300_000);
    afterAll(async () => {
      await listener?.stop(1_000);
      close();
      await lambda?.close();
      await deployment?.destroy();
    });

    /** Produces numbered messages under three keys, each key's in order. */
    async function produceAll(topic: string): Promise<void> {
      const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
      await producer.connect();
      for (let n = 0; n < total; n += 3) {
        const messages = [0, 1, 2].map((k) => ({ key: `key-${k}`, value: String(n + k) }));
        await producer.send({ topic, acks: -1, messages });
      }
      await producer.disconnect();
    }

    /** What a consumer of the group has seen so far, value by value. */
    async function consume(groupId: string, topic: string, seen: string[]): Promise<Consumer> {
      const consumer = kafka.consumer({ groupId, sessionTimeout: 20_000, maxWaitTimeInMs: 1_000 });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ message }) => {
          seen.push(`${message.key}:${message.value}`);
        },
      });
      return consumer;
    }

    const expected = (k: number): string[] =>
      Array.from({ length: total / 3 }, (_, n) => `key-${k}:${3 * n + k}`);
    const checkAll = (seen: readonly string[]): void => {
      for (const k of [0, 1, 2])
        expect(seen.filter((value) => value.startsWith(`key-${k}:`))).toEqual(expected(k));
    };

    test('is told to clients as the only broker, which leads every partition', async () => {
      const admin = kafka.admin();
      await admin.connect();
      const { brokers, clusterId } = await admin.describeCluster();
      const { topics } = await admin.fetchTopicMetadata({ topics: ['orders'] });
      await admin.disconnect();
      expect(brokers).toEqual([{ nodeId: 1, host: '127.0.0.1', port: listener.port }]);
      expect(clusterId).toMatch(/^[\w-]{22}$/);
      expect(topics[0]?.partitions.map(({ leader }) => leader)).toEqual([1, 1, 1]);
    });

    test('takes what an idempotent producer sends, and two members of a group get it all once', async () => {
      const [one, two]: [string[], string[]] = [[], []];
      const members = [await consume('readers', 'orders', one), await consume('readers', 'orders', two)];
      await produceAll('orders');
      await eventually(
        'all messages',
        async () => one.length + two.length,
        (count) => count >= total,
      );
      for (const member of members) await member.disconnect();
      checkAll([...one, ...two]);
    });

    test('loses, repeats and reorders nothing while invocations are throttled, lost or never arrive', async () => {
      const random = seededRandom(7);
      const troubles: Passage[] = ['throttled', 'lost', 'vanished'];
      const met = new Map<Passage, number>();
      fate = () => {
        const passage =
          random.next() < 0.25 ? (troubles[Math.floor(random.next() * 3)] as Passage) : 'passed';
        met.set(passage, (met.get(passage) ?? 0) + 1);
        return passage;
      };
      const seen: string[] = [];
      const consumer = await consume('troubled-readers', 'troubled', seen);
      await produceAll('troubled');
      await eventually(
        'all messages',
        async () => new Set(seen).size,
        (count) => count === total,
        120_000,
      );
      fate = () => 'passed';
      await consumer.disconnect();
      for (const trouble of troubles) expect(met.get(trouble) ?? 0, trouble).toBeGreaterThan(0);
      // Whoever joins late reads what lies in the log: nothing is in it twice.
      const stored: string[] = [];
      const reader = await consume('auditors', 'troubled', stored);
      await eventually(
        'all that is stored',
        async () => stored.length,
        (count) => count >= total,
      );
      await reader.disconnect();
      checkAll(stored);
    }, 300_000);

    describe('and the command line', () => {
      let users: Users;
      beforeAll(() => {
        users = openUsers(emulator, deployment);
      });
      afterAll(() => users?.close());
      commandLineSuite(() => users);
      commandFailuresSuite(emulator, () => users);
      commandGatewaySuite(() => users);
    });
  },
);
