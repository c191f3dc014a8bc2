/** What a deployment may choose about groups; beside each its name in Kafka, where it has one. */
export type GroupSettings = {
  /** `group.min.session.timeout.ms` */
  readonly sessionTimeoutMsMin: number;
  /** `group.max.session.timeout.ms` */
  readonly sessionTimeoutMsMax: number;
  /** `group.initial.rebalance.delay.ms` */
  readonly initialRebalanceDelayMs: number;
  /** `group.max.size` */
  readonly groupSizeMax: number;
  /** `group.consumer.session.timeout.ms` */
  readonly consumerSessionTimeoutMs: number;
  /** `group.consumer.heartbeat.interval.ms` */
  readonly consumerHeartbeatIntervalMs: number;
  /** `group.consumer.max.size` */
  readonly consumerGroupSizeMax: number;
  /** `offsets.retention.minutes`, in ms. */
  readonly offsetsRetentionMs: number;
  /** `offset.metadata.max.bytes`: characters here, as clients count them. */
  readonly offsetMetadataLengthMax: number;
  /** `gateway.heartbeat.hold.ms`, of a process that serves clients for as long as they are connected. */
  readonly heartbeatHoldMs: number;
};

export const defaultGroupSettings: GroupSettings = {
  sessionTimeoutMsMin: 6_000,
  sessionTimeoutMsMax: 1_800_000,
  initialRebalanceDelayMs: 0,
  groupSizeMax: 500,
  consumerSessionTimeoutMs: 45_000,
  consumerHeartbeatIntervalMs: 5_000,
  consumerGroupSizeMax: 250,
  offsetsRetentionMs: 7 * 24 * 3_600_000,
  offsetMetadataLengthMax: 4_096,
  heartbeatHoldMs: 0,
};

/** Where each setting is found under its broker config name. */
export const groupConfigNames = {
  'group.min.session.timeout.ms': 'sessionTimeoutMsMin',
  'group.max.session.timeout.ms': 'sessionTimeoutMsMax',
  'group.initial.rebalance.delay.ms': 'initialRebalanceDelayMs',
  'group.max.size': 'groupSizeMax',
  'group.consumer.session.timeout.ms': 'consumerSessionTimeoutMs',
  'group.consumer.heartbeat.interval.ms': 'consumerHeartbeatIntervalMs',
  'group.consumer.max.size': 'consumerGroupSizeMax',
  'offset.metadata.max.bytes': 'offsetMetadataLengthMax',
} as const satisfies Record<string, keyof GroupSettings>;

/** Limits of the mechanism, each with its reason. */
export const groupLimits = {
  /** The sort key of the group's name in the catalog has room for 1,024 bytes, its prefix included. */
  groupIdBytesMax: 1_000,
  /** The sort key of a subscription holds it beside a hash of 22 characters. */
  memberIdBytesMax: 900,
  /** As long as a topic's name, which is the rule that clients check it by. */
  groupInstanceIdLengthMax: 249,
  /** Of a client id, what goes into a member id. */
  clientIdInMemberIdMax: 100,
  /** An item holds 400 KB: one member's metadata, or the assignment of one member. */
  memberBytesMax: 256 * 1024,
  /** All metadata of a group: what its leader is answered in one response. */
  groupMetadataBytesMax: 4 * 1024 * 1024,
  /** The member list moves from the cell into an item of its own: a cell is read with every heartbeat. */
  membersInCellBytesMax: 2_048,
  /** Assignments are cut into chunks of about this size: each member reads one. */
  assignmentChunkBytes: 32 * 1024,
  /** The target of a KIP-848 group is computed at most this often. */
  assignmentIntervalMs: 1_000,
  /** How long a heartbeat may go by what was last seen of the topics. */
  topicsCheckMs: 5_000,
  /** How long the topics that a regex was found to match stand. */
  regexCheckMs: 10_000,
  /** For how long a fold goes on against lost races and throttling. */
  foldMsMax: 10_000,
  /** A member is found dead within a quarter of its session, but nobody looks more often than this. */
  sweepIntervalMsMin: 1_000,
  /** Members whose heartbeats a gateway answers from memory, at about 200 bytes each. */
  heldHeartbeatsMax: 20_000,
} as const;
