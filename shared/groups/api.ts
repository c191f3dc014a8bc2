import type { Ulid } from '../base/ulid.ts';
import type { KafkaErrorName } from '../kafka/error-codes.ts';
import type { TopicId } from '../kafka/topic-partition.ts';
import type { TopicPartitions } from '../storage/items/consumer-members.ts';
import type { MemberProtocol } from '../storage/items/member-subscription.ts';

/** What the doors ask of groups, in Kafka's words. Every answer names its error, or says NONE. */

export type { MemberProtocol, TopicPartitions };

/** How long a call may wait inside, and what ends it. */
export type WaitOptions = {
  /** Then it answers `again`, or a code that makes the client come again. Default: `waitMsMaxDefault`. */
  readonly waitMsMax?: number;
  /** The caller can call once more for a client that still waits: with the `memberId` of the answer. */
  readonly canComeAgain?: boolean;
  /** It calls once more, with the first `requestId`. */
  readonly isAgain?: boolean;
  /** Aborted when the client's connection closes. */
  readonly signal?: AbortSignal;
};

/** Functions wait this long unless told otherwise; gateways as long as their client. */
export const waitMsMaxDefault = 5_000;

/** Not an answer yet: call again after `afterMs`, as this member. */
export type Again = { readonly again: { readonly afterMs: number; readonly memberId: string } };

export type JoinGroupRequest = {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly protocolType: string;
  /** The preferred one first. */
  readonly protocols: readonly MemberProtocol[];
  readonly sessionTimeoutMs: number;
  /** 0 or less (version 0 has none): the session timeout stands in. */
  readonly rebalanceTimeoutMs: number;
  readonly clientId: string;
  readonly clientHost: string;
  /** Minted where the frame was read from the socket: of two requests of a member the newer one wins. */
  readonly requestId: Ulid;
  /** Version 4 and up: a new member is handed its id first (KIP-394). */
  readonly requiresKnownMemberId: boolean;
  /** Version 9 and up (KIP-814). */
  readonly supportsSkippingAssignment: boolean;
};

export type JoinedMember = {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly metadata: Uint8Array;
};

export type JoinGroupResponse = {
  readonly error: KafkaErrorName;
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  readonly memberId: string;
  /** All members, for the leader alone. */
  readonly members: readonly JoinedMember[];
};

export type SyncGroupRequest = {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** Version 5 and up; before, null. */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[];
};

export type SyncGroupResponse = {
  readonly error: KafkaErrorName;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Uint8Array;
};

export type HeartbeatRequest = {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
};

export type HeartbeatResponse = {
  readonly error: KafkaErrorName;
  /** For how long the same member may be told the same without another look (ms). */
  readonly mayStandMs: number;
};

export type LeaveGroupRequest = {
  readonly groupId: string;
  /** An instance id without a member id (a tool) means whoever has it. */
  readonly members: readonly { readonly memberId: string; readonly groupInstanceId: string | null }[];
};

export type LeaveGroupResponse = {
  readonly error: KafkaErrorName;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly error: KafkaErrorName;
  }[];
};

export type ConsumerGroupHeartbeatRequest = {
  readonly groupId: string;
  readonly memberId: string;
  /** 0 joins, -1 leaves, -2 leaves for a while (static members). */
  readonly memberEpoch: number;
  readonly groupInstanceId: string | null;
  readonly rackId: string | null;
  /** -1: as before. */
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[] | null;
  readonly subscribedTopicRegex: string | null;
  readonly serverAssignor: string | null;
  /** What it owns; null: as before. */
  readonly topicPartitions: TopicPartitions | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** Version 1 and up: the client has made its own id. */
  readonly requiresMemberId: boolean;
};

export type ConsumerGroupHeartbeatResponse = {
  readonly error: KafkaErrorName;
  readonly errorMessage: string | null;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** Null: as in the last answer. */
  readonly assignment: TopicPartitions | null;
};

export type ListedGroup = {
  readonly groupId: string;
  readonly protocolType: string;
  readonly groupState: string;
  readonly groupType: 'classic' | 'consumer';
};

export type ListGroupsRequest = {
  /** Empty: all. Case does not matter, as in Kafka. */
  readonly statesFilter: readonly string[];
  readonly typesFilter: readonly string[];
};

export type DescribedGroup = {
  /** GROUP_ID_NOT_FOUND for an unknown, deleted or KIP-848 group: up to version 5 that is NONE and `Dead`. */
  readonly error: KafkaErrorName;
  readonly groupId: string;
  readonly groupState: string;
  readonly protocolType: string;
  /** The chosen protocol of a stable group. */
  readonly protocolData: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly clientId: string;
    readonly clientHost: string;
    readonly memberMetadata: Uint8Array;
    readonly memberAssignment: Uint8Array;
  }[];
};

/** Partitions of a topic that exists, by its name too. */
export type NamedPartitions = readonly {
  readonly topicId: TopicId;
  readonly topicName: string;
  readonly partitions: readonly number[];
}[];

export type DescribedConsumerGroup = {
  readonly error: KafkaErrorName;
  readonly groupId: string;
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly assignorName: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly rackId: string | null;
    readonly memberEpoch: number;
    readonly clientId: string;
    readonly clientHost: string;
    readonly subscribedTopicNames: readonly string[];
    readonly subscribedTopicRegex: string | null;
    readonly assignment: NamedPartitions;
    readonly targetAssignment: NamedPartitions;
  }[];
};

export type GroupError = { readonly groupId: string; readonly error: KafkaErrorName };
