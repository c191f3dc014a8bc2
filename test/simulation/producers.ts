import { integerBelow } from '../../shared/base/random.ts';
import { KafkaError } from '../../shared/kafka/error-codes.ts';
import type { LogConfig } from '../../shared/kafka/log-config.ts';
import type { PartitionId } from '../../shared/kafka/topic-partition.ts';
import type { Appended, AppendRequest } from '../../shared/log/api.ts';
import type { AppendBody, Producer, RecordSeen } from './history.ts';
import type { ProducerPlan } from './plan.ts';
import { batchOf } from './records.ts';
import { happens, oneOf, spread } from './scheduler.ts';
import { type Answer, conclude, partitionName, refusal, type Slot, type World } from './world.ts';

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
const dayMs = 86_400_000;

/** Sends batches to one broker in one request, once, and writes down what it heard of each. */
export async function sendOnce(
  world: World,
  broker: Slot,
  batches: readonly Wanted[],
): Promise<Answer<Appended>[]> {
  const sent = batches.map(({ id, config, records, timestampMs, padding, producer }) => {
    const body: AppendBody = {
      does: 'append',
      partition: partitionName(id),
      records,
      timestampMs,
      ...(producer ? { producer } : {}),
    };
    const operation = world.history.invoke(`producer ${records[0]?.key}`, body, world.clock.nowMs());
    const request: AppendRequest = {
      partition: id,
      config,
      batch: batchOf(records, timestampMs, padding, producer),
    };
    return { operation, request };
  });
  const requests = sent.map(({ request }) => request);
  const noteAll = (answer: Answer<(Appended | KafkaError)[]>): Answer<Appended>[] =>
    sent.map(({ operation }, at) => {
      const own = answer.is === 'ok' ? answerOfOne(answer.value[at]) : answer;
      conclude(world, operation, own, ({ baseOffset, logStartOffset }) => ({ baseOffset, logStartOffset }));
      return own;
    });
  return noteAll(await broker.ask((system) => system.logs.append(requests), noteAll));
}

function answerOfOne(answer: Appended | KafkaError | undefined): Answer<Appended> {
  if (answer === undefined) throw new Error('one request has one answer');
  return answer instanceof KafkaError ? refusal(answer) : { is: 'ok', value: answer };
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
    const isOfExpiry = this.world.plan.theme === 'expiry';
    const isAhead = happens(random, isOfExpiry ? 0.15 : 0.05);
    const aheadMs = isAhead ? spread(random, isOfExpiry ? dayMs : 1_000, 10 * dayMs) : 0;
    const isStampedLater = target.config.timestampType === 'LogAppendTime';
    const timestampMs = clock.nowMs() + (isStampedLater ? 0 : Math.round(aheadMs));
    return { ...target, records, timestampMs, padding, isStored: false, ...(producer ? { producer } : {}) };
  }
}

/** Sends batch after batch without a producer id; what is unknown it sends again, or leaves. */
export async function plainProducer(world: World, plan: ProducerPlan): Promise<void> {
  const batches = new BatchMaker(world, plan);
  for (let sent = 0; sent < plan.batches; sent += plan.window) {
    const group = Array.from({ length: plan.window }, () => someTarget(world)).flatMap((target) =>
      target ? [batches.next(target)] : [],
    );
    if (group.length > 0) await sendPlain(world, group);
    await world.pause(world.plan.tempoMs);
  }
}

/** A window, perhaps for several partitions, is one request; what it leaves unsaid is sent again, or not. */
async function sendPlain(world: World, group: readonly Wanted[]): Promise<void> {
  let left = group;
  for (let tries = 0; tries < 3 && left.length > 0; tries++) {
    const answers = await sendOnce(world, oneOf(world.random, world.brokers), left);
    left = left.filter((_, at) => answers[at]?.is !== 'ok' && happens(world.random, 0.6));
    await world.pause(500);
  }
}

/** What an idempotent producer knows of one partition. */
type Session = { target: Target; nextSequence: number; sent: Wanted[] };

/**
 * Sends batches in sequence, several at once, and repeats each until it is stored; old ones come again much
 * later.
 */
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

/**
 * True when every batch of the window is stored. All are sent at once; what is not stored then is sent again
 * one after another, in sequence, as clients do: a later batch must not come before an earlier one that
 * failed.
 */
async function sendWindow(world: World, window: readonly Wanted[]): Promise<boolean> {
  const broker = oneOf(world.random, world.brokers);
  await Promise.all(window.map((wanted) => sendToStore(world, broker, wanted)));
  for (const wanted of window) {
    for (let tries = 0; !wanted.isStored; tries++) {
      await world.pause(200 * Math.min(tries + 1, 10));
      const error = await sendToStore(world, oneOf(world.random, world.brokers), wanted);
      if (tries === triesMax || finalErrors.includes(error ?? '')) return false;
    }
  }
  return true;
}

async function sendToStore(world: World, broker: Slot, wanted: Wanted): Promise<string | undefined> {
  const [answer] = await sendOnce(world, broker, [wanted]);
  if (answer === undefined) throw new Error('one batch has one answer');
  if (answer.is !== 'ok' && answer.error !== 'DUPLICATE_SEQUENCE_NUMBER') return answer.error;
  wanted.isStored = true;
  return undefined;
}

/** What does not become better by sending the batch again. */
const finalErrors = ['UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_PRODUCER_EPOCH', 'OUT_OF_ORDER_SEQUENCE_NUMBER'];

/**
 * One of the last batches comes again after a long time, from some connection that everybody has forgotten.
 */
function sendLateRepeat(world: World, session: Session): void {
  const repeat = oneOf(world.random, session.sent.slice(-8));
  const { tempoMs } = world.plan;
  world.spawn(async () => {
    await world.clock.sleep(spread(world.random, tempoMs, 500 * tempoMs));
    await sendOnce(world, oneOf(world.random, world.brokers), [repeat]);
  });
}
