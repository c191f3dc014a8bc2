/** A row of Kafka's table of errors. `retriable`: the same request may succeed later; clients repeat it. */
type ErrorRow = { readonly code: number; readonly retriable: boolean; readonly message: string };

const fatal = (code: number, message: string): ErrorRow => ({ code, retriable: false, message });
const retriable = (code: number, message: string): ErrorRow => ({ code, retriable: true, message });

/** Every error of the protocol by name, as of Apache Kafka 4.1. The codes are Kafka's, the words ours. */
export const kafkaErrors = {
  UNKNOWN_SERVER_ERROR: fatal(-1, 'The server failed in a way it did not expect.'),
  NONE: fatal(0, 'No error.'),
  OFFSET_OUT_OF_RANGE: fatal(1, 'The offset lies outside what the partition holds.'),
  CORRUPT_MESSAGE: retriable(
    2,
    'The record batch is damaged: its checksum, its length or its layout is wrong.',
  ),
  UNKNOWN_TOPIC_OR_PARTITION: retriable(3, 'There is no such topic or partition here.'),
  INVALID_FETCH_SIZE: fatal(4, 'The number of bytes asked for is not valid.'),
  LEADER_NOT_AVAILABLE: retriable(5, 'The partition has no leader at the moment.'),
  NOT_LEADER_OR_FOLLOWER: retriable(6, 'This broker does not serve the partition.'),
  REQUEST_TIMED_OUT: retriable(7, 'The request was not finished in time.'),
  BROKER_NOT_AVAILABLE: fatal(8, 'The broker is not available.'),
  REPLICA_NOT_AVAILABLE: retriable(9, 'No replica of the partition is available here.'),
  MESSAGE_TOO_LARGE: fatal(10, 'The record batch is larger than max.message.bytes allows.'),
  STALE_CONTROLLER_EPOCH: fatal(11, 'Another controller has taken over.'),
  OFFSET_METADATA_TOO_LARGE: fatal(12, 'The metadata text of a committed offset is too long.'),
  NETWORK_EXCEPTION: retriable(13, 'The connection ended before the answer came.'),
  COORDINATOR_LOAD_IN_PROGRESS: retriable(14, 'The coordinator is still loading its state.'),
  COORDINATOR_NOT_AVAILABLE: retriable(15, 'The coordinator is not available.'),
  NOT_COORDINATOR: retriable(16, 'This broker is not the coordinator asked for.'),
  INVALID_TOPIC_EXCEPTION: fatal(17, 'The topic name is not valid, or the topic may not be used this way.'),
  RECORD_LIST_TOO_LARGE: fatal(18, 'The record batch does not fit into one segment.'),
  NOT_ENOUGH_REPLICAS: retriable(19, 'Fewer replicas are in sync than the topic requires.'),
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: retriable(
    20,
    'The records are written, but to fewer replicas than required.',
  ),
  INVALID_REQUIRED_ACKS: fatal(21, 'acks must be 0, 1 or -1.'),
  ILLEGAL_GENERATION: fatal(22, "The generation id is not the group's current one."),
  INCONSISTENT_GROUP_PROTOCOL: fatal(
    23,
    'The member shares no protocol with the other members of the group.',
  ),
  INVALID_GROUP_ID: fatal(24, 'The group id is not valid.'),
  UNKNOWN_MEMBER_ID: fatal(25, 'The group does not know this member id.'),
  INVALID_SESSION_TIMEOUT: fatal(26, 'The session timeout lies outside the limits of the broker.'),
  REBALANCE_IN_PROGRESS: fatal(27, 'The group rebalances; the member has to join again.'),
  INVALID_COMMIT_OFFSET_SIZE: fatal(28, 'The offsets to commit are larger than allowed.'),
  TOPIC_AUTHORIZATION_FAILED: fatal(29, 'The principal may not do this with the topic.'),
  GROUP_AUTHORIZATION_FAILED: fatal(30, 'The principal may not do this with the group.'),
  CLUSTER_AUTHORIZATION_FAILED: fatal(31, 'The principal may not do this with the cluster.'),
  INVALID_TIMESTAMP: fatal(32, "A record's timestamp is missing or too far from the broker's time."),
  UNSUPPORTED_SASL_MECHANISM: fatal(33, 'The SASL mechanism is not offered.'),
  ILLEGAL_SASL_STATE: fatal(34, 'The request does not fit the state of the SASL exchange.'),
  UNSUPPORTED_VERSION: fatal(35, 'This version of the API is not served.'),
  TOPIC_ALREADY_EXISTS: fatal(36, 'A topic of this name exists already.'),
  INVALID_PARTITIONS: fatal(37, 'The number of partitions is not valid.'),
  INVALID_REPLICATION_FACTOR: fatal(38, 'The replication factor is not valid.'),
  INVALID_REPLICA_ASSIGNMENT: fatal(39, 'The assignment of replicas is not valid.'),
  INVALID_CONFIG: fatal(40, 'A config name or value is not valid.'),
  NOT_CONTROLLER: retriable(41, 'This broker is not the controller.'),
  INVALID_REQUEST: fatal(42, 'The request contradicts itself or lacks something.'),
  UNSUPPORTED_FOR_MESSAGE_FORMAT: fatal(43, 'The message format does not support what was asked.'),
  POLICY_VIOLATION: fatal(44, 'The request violates a policy of the cluster.'),
  OUT_OF_ORDER_SEQUENCE_NUMBER: fatal(45, "The batch does not continue the producer's sequence."),
  DUPLICATE_SEQUENCE_NUMBER: fatal(46, 'The batch repeats a sequence that is stored already.'),
  INVALID_PRODUCER_EPOCH: fatal(47, 'A newer epoch of this producer is known.'),
  INVALID_TXN_STATE: fatal(48, "The transaction's state does not allow this."),
  INVALID_PRODUCER_ID_MAPPING: fatal(49, 'The producer id does not belong to the transactional id.'),
  INVALID_TRANSACTION_TIMEOUT: fatal(50, 'The transaction timeout lies outside the limits of the broker.'),
  CONCURRENT_TRANSACTIONS: retriable(
    51,
    'An earlier operation on the transaction is still being carried out.',
  ),
  TRANSACTION_COORDINATOR_FENCED: fatal(52, 'A newer transaction coordinator has taken over.'),
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: fatal(53, 'The principal may not use the transactional id.'),
  SECURITY_DISABLED: fatal(54, 'Access control is switched off.'),
  OPERATION_NOT_ATTEMPTED: fatal(55, 'Not tried, because another part of the request failed.'),
  KAFKA_STORAGE_ERROR: retriable(56, 'The storage could not be read or written.'),
  LOG_DIR_NOT_FOUND: fatal(57, 'There is no such log directory.'),
  SASL_AUTHENTICATION_FAILED: fatal(58, 'The credentials were not accepted.'),
  UNKNOWN_PRODUCER_ID: fatal(59, 'The partition knows nothing of this producer id any more.'),
  REASSIGNMENT_IN_PROGRESS: fatal(60, 'The partition is being reassigned.'),
  DELEGATION_TOKEN_AUTH_DISABLED: fatal(61, 'Delegation tokens are switched off.'),
  DELEGATION_TOKEN_NOT_FOUND: fatal(62, 'There is no such delegation token.'),
  DELEGATION_TOKEN_OWNER_MISMATCH: fatal(
    63,
    'The principal is neither owner nor renewer of the delegation token.',
  ),
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: fatal(
    64,
    'Delegation tokens may not be asked for over this connection.',
  ),
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: fatal(
    65,
    'The principal may not do this with the delegation token.',
  ),
  DELEGATION_TOKEN_EXPIRED: fatal(66, 'The delegation token has expired.'),
  INVALID_PRINCIPAL_TYPE: fatal(67, 'This type of principal is not supported.'),
  NON_EMPTY_GROUP: fatal(68, 'The group still has members.'),
  GROUP_ID_NOT_FOUND: fatal(69, 'There is no such group.'),
  FETCH_SESSION_ID_NOT_FOUND: retriable(70, 'There is no such fetch session.'),
  INVALID_FETCH_SESSION_EPOCH: retriable(71, 'The epoch of the fetch session does not fit.'),
  LISTENER_NOT_FOUND: retriable(72, 'The leader has no listener of the name this request came in by.'),
  TOPIC_DELETION_DISABLED: fatal(73, 'Topics may not be deleted.'),
  FENCED_LEADER_EPOCH: retriable(74, "The leader epoch in the request is older than the broker's."),
  UNKNOWN_LEADER_EPOCH: retriable(75, "The leader epoch in the request is newer than the broker's."),
  UNSUPPORTED_COMPRESSION_TYPE: fatal(76, 'This compression type is not supported here.'),
  STALE_BROKER_EPOCH: fatal(77, 'The broker epoch is not the current one.'),
  OFFSET_NOT_AVAILABLE: retriable(78, 'The high watermark has not caught up yet; the offset is not known.'),
  MEMBER_ID_REQUIRED: fatal(79, 'The member has to join again with the member id it was given.'),
  PREFERRED_LEADER_NOT_AVAILABLE: retriable(80, 'The preferred leader is not available.'),
  GROUP_MAX_SIZE_REACHED: fatal(81, 'The group has as many members as it may have.'),
  FENCED_INSTANCE_ID: fatal(82, 'Another member has taken over this group instance id.'),
  ELIGIBLE_LEADERS_NOT_AVAILABLE: retriable(83, 'No replica that may lead is available.'),
  ELECTION_NOT_NEEDED: retriable(84, 'The partition needs no election.'),
  NO_REASSIGNMENT_IN_PROGRESS: fatal(85, 'The partition is not being reassigned.'),
  GROUP_SUBSCRIBED_TO_TOPIC: fatal(
    86,
    'The group is subscribed to the topic, so its offsets there may not be deleted.',
  ),
  INVALID_RECORD: fatal(87, 'A record or its batch breaks a rule of the format and was refused.'),
  UNSTABLE_OFFSET_COMMIT: retriable(88, 'Some offsets are part of a transaction that is not decided yet.'),
  THROTTLING_QUOTA_EXCEEDED: retriable(89, 'The quota is used up.'),
  PRODUCER_FENCED: fatal(90, 'A newer producer with this transactional id has taken over.'),
  RESOURCE_NOT_FOUND: fatal(91, 'There is no such resource.'),
  DUPLICATE_RESOURCE: fatal(92, 'The resource is named twice.'),
  UNACCEPTABLE_CREDENTIAL: fatal(93, 'The credential does not meet the requirements.'),
  INCONSISTENT_VOTER_SET: fatal(94, 'Candidate and recipient do not agree on the voters.'),
  INVALID_UPDATE_VERSION: fatal(95, 'The version of a feature update is not valid.'),
  FEATURE_UPDATE_FAILED: fatal(96, 'The features could not be updated.'),
  PRINCIPAL_DESERIALIZATION_FAILURE: fatal(97, 'The forwarded principal could not be read.'),
  SNAPSHOT_NOT_FOUND: fatal(98, 'There is no such snapshot.'),
  POSITION_OUT_OF_RANGE: fatal(99, 'The position lies outside the snapshot.'),
  UNKNOWN_TOPIC_ID: retriable(100, 'There is no topic of this id here.'),
  DUPLICATE_BROKER_REGISTRATION: fatal(101, 'The broker id is registered already.'),
  BROKER_ID_NOT_REGISTERED: fatal(102, 'The broker id is not registered.'),
  INCONSISTENT_TOPIC_ID: retriable(103, 'The topic id is not the one the log was created with.'),
  INCONSISTENT_CLUSTER_ID: fatal(104, "The cluster id is another cluster's."),
  TRANSACTIONAL_ID_NOT_FOUND: fatal(105, 'There is no such transactional id.'),
  FETCH_SESSION_TOPIC_ID_ERROR: retriable(106, 'A fetch session mixes topic ids and topic names.'),
  INELIGIBLE_REPLICA: fatal(107, 'The new in-sync replicas contain one that may not be there.'),
  NEW_LEADER_ELECTED: fatal(108, 'The change made another broker the leader.'),
  OFFSET_MOVED_TO_TIERED_STORAGE: fatal(109, 'The offset is in tiered storage now.'),
  FENCED_MEMBER_EPOCH: fatal(
    110,
    'The group coordinator has fenced this member epoch; abandon the partitions and join again.',
  ),
  UNRELEASED_INSTANCE_ID: fatal(111, 'Another member of the group still uses this group instance id.'),
  UNSUPPORTED_ASSIGNOR: fatal(112, 'The group does not support this assignor.'),
  STALE_MEMBER_EPOCH: fatal(113, 'The member epoch is old; take the new one and try again.'),
  MISMATCHED_ENDPOINT_TYPE: fatal(114, 'The request went to an endpoint of the wrong type.'),
  UNSUPPORTED_ENDPOINT_TYPE: fatal(115, 'This type of endpoint is not supported.'),
  UNKNOWN_CONTROLLER_ID: fatal(116, 'There is no controller of this id.'),
  UNKNOWN_SUBSCRIPTION_ID: fatal(117, 'The telemetry subscription id is not the current one.'),
  TELEMETRY_TOO_LARGE: fatal(118, 'The pushed telemetry is larger than allowed.'),
  INVALID_REGISTRATION: fatal(119, 'The registration of the broker is not valid.'),
  TRANSACTION_ABORTABLE: fatal(120, 'The transaction failed and has to be aborted.'),
  INVALID_RECORD_STATE: fatal(121, 'The acknowledged record is not in a state that allows this.'),
  SHARE_SESSION_NOT_FOUND: retriable(122, 'There is no such share session.'),
  INVALID_SHARE_SESSION_EPOCH: retriable(123, 'The epoch of the share session does not fit.'),
  FENCED_STATE_EPOCH: fatal(124, 'The share coordinator has fenced this state epoch.'),
  INVALID_VOTER_KEY: fatal(125, "The voter's key is not the receiving replica's."),
  DUPLICATE_VOTER: fatal(126, 'The voter is a voter already.'),
  VOTER_NOT_FOUND: fatal(127, 'There is no such voter.'),
  INVALID_REGULAR_EXPRESSION: fatal(128, 'The regular expression is not valid.'),
  REBOOTSTRAP_REQUIRED: fatal(129, 'The client has to begin again with its bootstrap servers.'),
  STREAMS_INVALID_TOPOLOGY: fatal(130, 'The streams topology is not valid.'),
  STREAMS_INVALID_TOPOLOGY_EPOCH: fatal(131, 'The epoch of the streams topology is not valid.'),
  STREAMS_TOPOLOGY_FENCED: fatal(132, 'A newer streams topology has taken over.'),
  SHARE_SESSION_LIMIT_REACHED: retriable(133, 'There are as many share sessions as there may be.'),
} as const satisfies Record<string, ErrorRow>;

export type KafkaErrorName = keyof typeof kafkaErrors;

const namesByCode = new Map(
  Object.entries(kafkaErrors).map(([name, { code }]) => [code, name as KafkaErrorName]),
);

/** The name of a code on the wire; an unknown code reads as UNKNOWN_SERVER_ERROR, as in clients. */
export const kafkaErrorName = (code: number): KafkaErrorName =>
  namesByCode.get(code) ?? 'UNKNOWN_SERVER_ERROR';

/** What is wrong with one record of a refused batch; Produce answers it from version 8 on (KIP-467). */
export type RecordError = { readonly batchIndex: number; readonly message: string };

/** Refuses what a client asked for, by Kafka's name; the door turns it into the error code of an answer. */
export class KafkaError extends Error {
  override name = 'KafkaError';
  readonly errorName: KafkaErrorName;
  /** int16 on the wire. */
  readonly code: number;
  readonly retriable: boolean;
  /** Empty unless single records were the reason. */
  readonly recordErrors: readonly RecordError[];

  /** `message` says what exactly is wrong; without it the table's general sentence stands. */
  constructor(
    errorName: KafkaErrorName,
    message?: string,
    options: { cause?: unknown; recordErrors?: readonly RecordError[] } = {},
  ) {
    super(
      message ?? kafkaErrors[errorName].message,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.recordErrors = options.recordErrors ?? [];
    this.errorName = errorName;
    this.code = kafkaErrors[errorName].code;
    this.retriable = kafkaErrors[errorName].retriable;
  }
}

/** True for a `KafkaError`, and if names are given, only for one of these. */
export const isKafkaError = (error: unknown, ...names: KafkaErrorName[]): error is KafkaError =>
  error instanceof KafkaError && (names.length === 0 || names.includes(error.errorName));
