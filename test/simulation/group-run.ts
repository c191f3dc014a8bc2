import { utf8Decode } from '../../shared/base/bytes.ts';
import { createTopic, describeTopic } from './admin.ts';
import { ClassicMember } from './classic-members.ts';
import { ConsumerMember } from './consumer-members.ts';
import type { RandomFaults } from './faults.ts';
import { deleteGroup, groupAdmin, growTopic } from './group-admin.ts';
import type { Assigned, MemberAtRest, Slice } from './group-bodies.ts';
import { GroupCalls, sliceOf, topicName } from './group-calls.ts';
import type { GroupsPlan, MemberPlan } from './group-plan.ts';
import type { Life, Surroundings } from './member-life.ts';
import { happens, oneOf, spread } from './scheduler.ts';
import type { System } from './system.ts';
import { conclude, Slot, type World } from './world.ts';

/** How often somebody comes, goes or changes its mind when nothing goes wrong any more. */
const calmChanges = 6;

/** Groups alone: members come to grief, then everything must come to rest. */
export async function groupPhases(world: World, faults: RandomFaults, plan: GroupsPlan): Promise<void> {
  const calls = new GroupCalls(world, plan);
  const members = new Members(calls);
  let isOver = false;
  world.spawn(async () => {
    await makeTopic(world);
    world.spawn(() => groupAdmin(calls));
    for (const era of plan.eras) {
      if (plan.admin.deletesGroups && era !== plan.eras[0]) await clearOut(members, calls);
      members.begin(era);
      await world.clock.sleep(plan.eraMs);
    }
    // From here on nothing new goes wrong; what is late still comes, and sleepers wake.
    faults.isOver = true;
    members.quiet = true;
    const { lateMsMax, sleepMsMax } = world.plan.chances;
    await world.clock.sleep(lateMsMax + sleepMsMax + 3 * plan.sessionMs + 20_000);
    await calmDown(members, calls);
    isOver = true;
  });
  await world.scheduler.run(() => isOver);
  members.stop();
  await world.scheduler.run();
}

async function makeTopic(world: World): Promise<void> {
  const [topic] = world.plan.topics;
  const [broker] = world.brokers;
  if (topic === undefined || broker === undefined) throw new Error('groups need a topic and a broker');
  for (let tries = 0; tries < 50 && world.topics.length === 0; tries++) {
    await createTopic(world, broker, topic);
    await describeTopic(world, broker, topic);
  }
}

/** Everybody leaves, and the group is deleted, before others come. */
async function clearOut(members: Members, calls: GroupCalls): Promise<void> {
  members.begin([]);
  for (let tries = 0; tries < 3; tries++) {
    await calls.world.clock.sleep(4 * calls.plan.tempoMs);
    await deleteGroup(calls);
  }
}

/** A few changes close to one another; then all members must meet. */
async function calmDown(members: Members, calls: GroupCalls): Promise<void> {
  const { world, plan } = calls;
  const { tempoMs } = plan;
  calls.mustEndMs = 20 * tempoMs + 20_000;
  for (let change = 0; change < calmChanges; change++) {
    await world.clock.sleep(spread(world.random, 0.01, 3) * tempoMs);
    // Who comes when a round has just been completed opens the next one at once.
    if (happens(world.random, 0.5)) {
      await Promise.race([calls.nextRound(), world.clock.sleep(5 * tempoMs)]);
      members.startAnother(spread(world.random, 1, 500));
    }
    const living = members.living();
    if (living.length > 0) oneOf(world.random, living).wish = oneOf(world.random, ['changes', 'leaves']);
  }
  await world.clock.sleep(calls.mustEndMs);
  // Nobody comes or goes any more who would make the group look at its topic again.
  const isOfNew = plan.eras.at(-1)?.[0]?.kind === 'consumer';
  if (plan.admin.growsTopic && isOfNew) await growTopic(calls);
  await world.clock.sleep(40 * tempoMs + 10_000);
  await describeAtRest(members, calls);
}

/** All programs that were ever started, and those that will be. */
class Members implements Surroundings {
  quiet = false;
  private readonly calls: GroupCalls;
  private readonly all: Life[] = [];
  private isOver = false;
  private made = 0;
  private era: readonly MemberPlan[] = [];

  constructor(calls: GroupCalls) {
    this.calls = calls;
  }

  /** Everybody of the era before is told to go. */
  begin(era: readonly MemberPlan[]): void {
    for (const member of this.living()) member.isToldToGo = true;
    this.era = era;
    for (const plan of era) this.start(plan, plan.afterMs);
  }

  start(plan: MemberPlan, afterMs: number): void {
    const { calls } = this;
    const { world } = calls;
    world.spawn(async () => {
      await world.clock.sleep(afterMs);
      if (this.isOver || !this.era.includes(plan)) return;
      const member = new (plan.kind === 'classic' ? ClassicMember : ConsumerMember)(calls, plan, this);
      this.all.push(member);
      await member.live();
    });
  }

  /** A program that was not there before. */
  startAnother(afterMs: number): void {
    const [first] = this.era;
    if (first === undefined) return;
    const plan = { ...first, name: `${first.name}+${this.made}`, instanceId: null, afterMs };
    this.era = [...this.era, plan];
    this.start(plan, afterMs);
  }

  stop(): void {
    this.isOver = true;
    for (const member of this.all) member.end();
  }

  living(): Life[] {
    return this.all.filter(({ isGone }) => !isGone);
  }

  /** Of several programs of one instance those that are in; all others have to be. */
  wanted(): Life[] {
    const living = this.living();
    const isCrowdedOut = (member: Life): boolean =>
      !member.isIn && living.some((other) => other.isIn && other.plan === member.plan);
    return living.filter((member) => !isCrowdedOut(member));
  }

  isQuiet(): boolean {
    return this.quiet;
  }

  subscription(): string {
    return `s${this.made++}`;
  }

  slices(): Slice[] {
    const partitions = this.calls.world.topics.find(({ name }) => name === topicName)?.partitions ?? 0;
    return Array.from({ length: partitions }, (_, partition) => sliceOf(partition));
  }
}

/** What tools see now, beside what they should see. */
async function describeAtRest(members: Members, calls: GroupCalls): Promise<void> {
  const { world, plan } = calls;
  const slot = new Slot(world, 'last broker');
  const wanted = {
    members: members.wanted().map(({ memberId, subscription }) => ({ memberId, subscription })),
    slices: members.slices(),
  };
  const body = { does: 'groupAtRest' as const, group: plan.group, wanted };
  const operation = world.history.invoke('admin', body, world.clock.nowMs());
  const isClassic = plan.eras.at(-1)?.[0]?.kind === 'classic';
  const describe = isClassic ? describeClassic : describeConsumer;
  const answer = await calls.ask(({ groups }) => describe(groups, plan.group), undefined, slot);
  conclude(world, operation, answer, (seen) => seen);
}

type Seen = { readonly state: string; readonly members: readonly MemberAtRest[] };

async function describeClassic({ coordinator }: System['groups'], group: string): Promise<Seen> {
  const [found] = await coordinator.describeGroups([group]);
  const members = (found?.members ?? []).map(({ memberId, memberMetadata, memberAssignment }) => ({
    memberId,
    subscription: utf8Decode(memberMetadata),
    slices:
      memberAssignment.length === 0 ? [] : (JSON.parse(utf8Decode(memberAssignment)) as Assigned).slices,
  }));
  return { state: found?.groupState ?? '', members };
}

async function describeConsumer({ coordinator }: System['groups'], group: string): Promise<Seen> {
  const [found] = await coordinator.consumerGroupDescribe([group]);
  const members = (found?.members ?? []).map((member) => ({
    memberId: member.memberId,
    subscription: subscriptionOf(member.subscribedTopicNames, member.subscribedTopicRegex),
    slices: member.assignment.flatMap(({ partitions }) => partitions.map(sliceOf)),
  }));
  return { state: found?.groupState ?? '', members };
}

/** Beside the topic that is there, each names one that is not: that is how it is told from the others. */
const subscriptionOf = (names: readonly string[], regex: string | null): string =>
  regex === null ? (names.find((name) => name !== topicName) ?? '') : regex.slice(regex.indexOf('|') + 1);
