import { ByteReader, ByteWriter, MalformedBytes } from '../../base/bytes.ts';
import type { TopicId } from '../../kafka/topic-partition.ts';
import {
  packList,
  packText,
  packTime,
  TextNumbers,
  unpackList,
  unpackText,
  unpackTime,
} from './packed-text.ts';

/** Partitions by topic; the numbers ascend, and no topic has none. */
export type TopicPartitions = ReadonlyMap<TopicId, readonly number[]>;
/** Partitions by topic, each with the member epoch in which it came to its member. */
export type AssignedPartitions = ReadonlyMap<TopicId, ReadonlyMap<number, number>>;

export const memberStates = ['STABLE', 'UNREVOKED', 'UNRELEASED'] as const;
/**
 * UNREVOKED: it still has to give partitions back. UNRELEASED: it waits for partitions that others have not
 * given back yet.
 */
export type ConsumerMemberState = (typeof memberStates)[number];

/** A member of a KIP-848 group: about 40 bytes and 4 a partition. */
export type ConsumerMember = {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly memberEpoch: number;
  readonly previousMemberEpoch: number;
  readonly state: ConsumerMemberState;
  readonly rebalanceTimeoutMs: number;
  /** When it is expelled unless it has given back what it must; 0: nothing to give back. */
  readonly revokeByMs: number;
  /** The topics that it names, in order. */
  readonly subscribedTopicNames: readonly string[];
  readonly subscribedTopicRegex: string | null;
  readonly serverAssignor: string | null;
  readonly assigned: AssignedPartitions;
  readonly pendingRevocation: TopicPartitions;
  readonly target: TopicPartitions;
  /** A static member that left with epoch -2 and may come back. */
  readonly hasLeft: boolean;
};

const format = 1;
const isStatic = 1;
const hasLeft = 2;

export function packConsumerMembers(members: readonly ConsumerMember[]): Uint8Array {
  const texts = new TextNumbers();
  const body = new ByteWriter(64 + members.length * 96);
  packList(body, members, (member) => packMember(body, texts, member));
  const head = new ByteWriter(256);
  head.uint8(format);
  packList(head, texts.texts, (text) => packText(head, text));
  return head.raw(body.finish()).finish();
}

function packMember(writer: ByteWriter, texts: TextNumbers, member: ConsumerMember): void {
  packText(writer, member.memberId);
  writer.uint8((member.groupInstanceId === null ? 0 : isStatic) | (member.hasLeft ? hasLeft : 0));
  if (member.groupInstanceId !== null) packText(writer, member.groupInstanceId);
  writer.uvarint(texts.numberOf(member.rackId)).uvarint(texts.numberOf(member.clientId));
  writer.uvarint(texts.numberOf(member.clientHost)).uvarint(texts.numberOf(member.subscribedTopicRegex));
  writer.uvarint(texts.numberOf(member.serverAssignor));
  writer.varint(member.memberEpoch).varint(member.previousMemberEpoch);
  writer.uint8(memberStates.indexOf(member.state)).uvarint(member.rebalanceTimeoutMs);
  packTime(writer, member.revokeByMs);
  packList(writer, member.subscribedTopicNames, (name) => writer.uvarint(texts.numberOf(name)));
  packList(writer, [...member.assigned], ([topicId, epochs]) => {
    writer.uvarint(texts.numberOf(topicId));
    packRuns(writer, [...epochs]);
  });
  for (const partitions of [member.pendingRevocation, member.target]) {
    packList(writer, [...partitions], ([topicId, numbers]) => {
      writer.uvarint(texts.numberOf(topicId));
      packRuns(
        writer,
        numbers.map((number) => [number, 0]),
      );
    });
  }
}

type Run = { first: number; length: number; epoch: number };

/** Neighbours of one epoch as one run. */
function packRuns(writer: ByteWriter, partitions: readonly (readonly [number, number])[]): void {
  const runs: Run[] = [];
  for (const [partition, epoch] of partitions) {
    const last = runs.at(-1);
    if (last !== undefined && last.epoch === epoch && last.first + last.length === partition) last.length++;
    else runs.push({ first: partition, length: 1, epoch });
  }
  packList(writer, runs, ({ first, length, epoch }) => writer.uvarint(first).uvarint(length).uvarint(epoch));
}

function unpackRuns(reader: ByteReader): [number, number][] {
  const runs = unpackList(reader, () => ({
    first: reader.uvarint(),
    length: reader.uvarint(),
    epoch: reader.uvarint(),
  }));
  return runs.flatMap(({ first, length, epoch }) =>
    Array.from({ length }, (_, place): [number, number] => [first + place, epoch]),
  );
}

export function unpackConsumerMembers(bytes: Uint8Array): ConsumerMember[] {
  const reader = new ByteReader(bytes);
  const found = reader.uint8();
  if (found !== format) throw new MalformedBytes(`members of format ${found}: written by a newer version?`);
  const texts = unpackList(reader, () => unpackText(reader));
  return unpackList(reader, () => unpackMember(reader, texts));
}

function unpackMember(reader: ByteReader, texts: readonly string[]): ConsumerMember {
  const text = (): string => textOrNull() ?? '';
  const textOrNull = (): string | null => texts[reader.uvarint() - 1] ?? null;
  const memberId = unpackText(reader);
  const flags = reader.uint8();
  const groupInstanceId = flags & isStatic ? unpackText(reader) : null;
  const words = {
    rackId: textOrNull(),
    clientId: text(),
    clientHost: text(),
    subscribedTopicRegex: textOrNull(),
    serverAssignor: textOrNull(),
  };
  const numbers = {
    memberEpoch: reader.varint(),
    previousMemberEpoch: reader.varint(),
    state: memberStates[reader.uint8()] ?? 'STABLE',
    rebalanceTimeoutMs: reader.uvarint(),
    revokeByMs: unpackTime(reader),
  };
  const subscribedTopicNames = unpackList(reader, text);
  const assigned = unpackList(reader, (): [string, Map<number, number>] => [
    text(),
    new Map(unpackRuns(reader)),
  ]);
  const partitions = (): TopicPartitions =>
    new Map(
      unpackList(reader, (): [string, number[]] => [text(), unpackRuns(reader).map(([number]) => number)]),
    );
  return {
    memberId,
    groupInstanceId,
    ...words,
    ...numbers,
    subscribedTopicNames,
    assigned: new Map(assigned),
    pendingRevocation: partitions(),
    target: partitions(),
    hasLeft: (flags & hasLeft) !== 0,
  };
}
