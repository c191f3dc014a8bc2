import { integerBelow } from '../../shared/base/random.ts';
import { KafkaError } from '../../shared/kafka/error-codes.ts';
import type { LogConfig } from '../../shared/kafka/log-config.ts';
import type { PartitionId } from '../../shared/kafka/topic-partition.ts';
import type { Appended, AppendRequest } from '../../shared/log/api.ts';
import type { AppendBody, Producer, RecordSeen } from './history.ts';
import type { ProducerPlan } from './plan.ts';
import { batchOf } from './records.ts';
import { happens, oneOf, spread } from './scheduler.ts';
import type { System } from './system.ts';
import { type Answer, conclude, partitionName, type Slot, type World } from './world.ts';

type Target = { id: PartitionId; config: LogConfig };

/** A batch that a producer wants to be in the log. */
type Wanted = Target & {
  records: RecordSeen[];
  timestampMs: number;
  padding: number;
  producer?: Producer;
  isStored: boolean;
};

const triesMax = 40;

/** Sends one batch to one broker, once, and writes down what it heard. */
async function send(world: World, broker: Slot, wanted: Wanted): Promise<Answer<Appended>> {
  const { id, config, records, timestampMs, padding, producer } = wanted;
  const body: AppendBody = {
    does: 'append',
    partition: partitionName(id),
    records,
    timestampMs,
    ...(producer ? { producer } : {}),
  };
  const client = `producer ${records[0]?.key}`;
  const operation = world.history.invoke(client, body, world.clock.nowMs());
  const request: AppendRequest = {
    partition: id,
    config,
    batch: batchOf(records, timestampMs, padding, producer),
  };
  const answer = await broker.ask((system) => appendOne(system, request));
  conclude(world, operation, answer, ({ baseOffset, logStartOffset }) => ({ baseOffset, logStartOffset }));
  return answer;
}

async function appendOne(system: System, request: AppendRequest): Promise<Appended> {
  const [answer] = await system.logs.append([request]);
  if (answer === undefined) throw new Error('one request has one answer');
  if (answer instanceof KafkaError) throw answer;
  return answer;
}

/** Some partition of some topic that is known to be there; undefined while there is none. */
function someTarget(world: World): Target | undefined {
  const topic = world.topics.length === 0 ? undefined : oneOf(world.random, world.topics);
  if (!topic) return undefined;
  const partition = integerBelow(world.random, topic.partitions);
  return { id: { topicId: topic.topicId, partition }, config: topic.config };
}

class BatchMaker {
  private readonly world: World;
  private readonly plan: ProducerPlan;
  private made = 0;

  constructor(world: World, plan: ProducerPlan) {
    this.world = world;
    this.plan = plan;
  }

  next(target: Target, producer?: Producer): Wanted {
    const { random, clock } = this.world;
    const { id, recordsMax, padding } = this.plan;
    const batch = this.made++;
    const records = Array.from({ length: 1 + integerBelow(random, recordsMax) }, (_, at) => ({
      key: `${id}`,
      value: `${id}-${batch}-${at}`,
    }));
    const aheadMs = happens(random, 0.05) ? spread(random, 1_000, 5 * 86_400_000) : 0;
    const isStampedLater = target.config.timestampType === 'LogAppendTime';
    const timestampMs = clock.nowMs() + (isStampedLater ? 0 : Math.round(aheadMs));
    return { ...target, records, timestampMs, padding, isStored: false, ...(producer ? { producer } : {}) };
  }
}

/** Sends batch after batch without a producer id; what is unknown it sends again, or leaves. */
export async function plainProducer(world: World, plan: ProducerPlan): Promise<void> {
  const batches = new BatchMaker(world, plan);
  for (let sent = 0; sent < plan.batches; sent += plan.window) {
    const broker = oneOf(world.random, world.brokers);
    const target = someTarget(world);
    if (target) {
      const group = Array.from({ length: plan.window }, () => batches.next(target));
      await Promise.all(group.map((wanted) => sendPlain(world, broker, wanted)));
    }
    await world.pause(world.plan.tempoMs);
  }
}

async function sendPlain(world: World, broker: Slot, wanted: Wanted): Promise<void> {
  for (let tries = 0; tries < 3; tries++) {
    const answer = await send(world, tries === 0 ? broker : oneOf(world.random, world.brokers), wanted);
    if (answer.is === 'ok' || happens(world.random, 0.4)) return;
    await world.pause(500);
  }
}

/** What an idempotent producer knows of one partition. */
type Session = { target: Target; nextSequence: number; sent: Wanted[] };

/** Sends batches in sequence, several at once, and repeats each until it is stored; old ones come again much later. */
export async function idempotentProducer(world: World, plan: ProducerPlan): Promise<void> {
  const { random } = world;
  const batches = new BatchMaker(world, plan);
  let sessions = new Map<string, Session>();
  let producerEpoch = 0;
  for (let sent = 0; sent < plan.batches; sent += plan.window) {
    const target = someTarget(world);
    if (target) {
      const session = sessionOf(sessions, target);
      const window = Array.from({ length: plan.window }, () => {
        const producer = { producerId: BigInt(plan.id), producerEpoch, baseSequence: session.nextSequence };
        const wanted = batches.next(target, producer);
        session.nextSequence += wanted.records.length;
        session.sent.push(wanted);
        return wanted;
      });
      const isWhole = await sendWindow(world, window);
      if (happens(random, plan.zombies)) sendLateRepeat(world, session);
      // As Kafka's clients do when a batch is given up: a new epoch, and all sequences begin again.
      if (!isWhole || happens(random, 0.02)) {
        sessions = new Map();
        producerEpoch++;
      }
    }
    await world.pause(world.plan.tempoMs);
  }
}

function sessionOf(sessions: Map<string, Session>, target: Target): Session {
  const name = partitionName(target.id);
  const session = sessions.get(name) ?? { target, nextSequence: 0, sent: [] };
  sessions.set(name, session);
  return session;
}

/** True when every batch of the window is stored. */
async function sendWindow(world: World, window: readonly Wanted[]): Promise<boolean> {
  const broker = oneOf(world.random, world.brokers);
  let isBroken = false;
  await Promise.all(
    window.map(async (wanted, at) => {
      const isStored = await sendUntilStored(world, broker, wanted, () => {
        return isBroken ? 'given up' : (window[at - 1]?.isStored ?? true) ? 'due' : 'early';
      });
      if (!isStored) isBroken = true;
    }),
  );
  return !isBroken;
}

async function sendUntilStored(
  world: World,
  first: Slot,
  wanted: Wanted,
  standing: () => 'due' | 'early' | 'given up',
): Promise<boolean> {
  for (let tries = 0; tries < triesMax; tries++) {
    const wasDue = standing() === 'due';
    const answer = await send(world, tries === 0 ? first : oneOf(world.random, world.brokers), wanted);
    const isRepeat = answer.is === 'fail' && answer.error === 'DUPLICATE_SEQUENCE_NUMBER';
    wanted.isStored ||= answer.is === 'ok' || isRepeat;
    if (wanted.isStored) return true;
    if (answer.is === 'fail' && isFinal(answer.error, wasDue)) return false;
    if (standing() === 'given up') return false;
    await world.pause(200 * Math.min(tries + 1, 10));
  }
  return false;
}

/** Too early is no error while the batch before is still under way. */
const isFinal = (error: string, wasDue: boolean): boolean =>
  error === 'UNKNOWN_TOPIC_OR_PARTITION' ||
  error === 'INVALID_PRODUCER_EPOCH' ||
  (error === 'OUT_OF_ORDER_SEQUENCE_NUMBER' && wasDue);

/** One of the last batches comes again after a long time, from some connection that everybody has forgotten. */
function sendLateRepeat(world: World, session: Session): void {
  const repeat = oneOf(world.random, session.sent.slice(-8));
  const { tempoMs } = world.plan;
  world.spawn(async () => {
    await world.clock.sleep(spread(world.random, tempoMs, 500 * tempoMs));
    await send(world, oneOf(world.random, world.brokers), repeat);
  });
}
