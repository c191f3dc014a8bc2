/** What members of groups, tools and jobs asked, and what they were answered. */

/** `<topic>/<partition>`: a partition as those know it who commit. */
export type Slice = string;

type InGroup = { readonly group: string };

/** A JoinGroup, with all that is asked again for a client that still waits. */
export type JoinBody = InGroup & {
  readonly does: 'join';
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly subscription: string;
  /** Nothing goes wrong any more and nobody has died lately: it must not take long. */
  readonly mustEndMs?: number;
  /** The answer. */
  generation?: number;
  joinedAs?: string;
  leader?: string;
  /** Told to the leader alone. */
  members?: readonly { readonly memberId: string; readonly subscription: string }[];
};

/** What a leader writes into each assignment, so that it can be told whose and which it is. */
export type Assigned = {
  /** The one SyncGroup that it was assigned in. */
  readonly by: string;
  readonly generation: number;
  readonly to: string;
  readonly slices: readonly Slice[];
};

export type SyncBody = InGroup & {
  readonly does: 'sync';
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
  /** The answer; undefined: nothing was assigned to it. */
  assigned?: Assigned;
};

/** A commit of one member, or of a tool: then its member id is empty. */
export type CommitBody = InGroup & {
  readonly does: 'commitOffset';
  readonly memberId: string;
  /** The generation id, or the epoch of a KIP-848 member. */
  readonly generation: number;
  readonly slice: Slice;
  readonly committed: bigint;
};

/** The fetch of a member that goes on from the answer. */
export type FetchBody = InGroup & {
  readonly does: 'fetchOffset';
  readonly memberId: string;
  readonly generation: number;
  readonly slice: Slice;
  /** The answer; -1n when there is none. */
  committed?: bigint;
};

export type ConsumerHeartbeatBody = InGroup & {
  readonly does: 'consumerHeartbeat';
  readonly memberId: string;
  readonly epoch: number;
  /** Null: not said. */
  readonly owned: readonly Slice[] | null;
  /** Sent before, and once more when nobody waits for its answer. */
  readonly isRepeat?: boolean;
  /** The answer; an assignment of null is as it was. */
  memberEpoch?: number;
  assignment?: readonly Slice[] | null;
};

/** What lets committed offsets go: a deletion of them, of the group, or the daily job. */
export type ForgetBody = InGroup & {
  readonly does: 'deleteOffsets' | 'deleteGroup' | 'expireOffsets';
  /** How long a deleted group's numbers are kept. */
  readonly numbersKeptMs: number;
};

export type MemberAtRest = {
  readonly memberId: string;
  readonly subscription: string;
  readonly slices: readonly Slice[];
};

/** What a tool sees when everything has come to rest, and what it should see. */
export type RestBody = InGroup & {
  readonly does: 'groupAtRest';
  readonly wanted: {
    /** Whoever lives, with the subscription that it sent last. */
    readonly members: readonly Omit<MemberAtRest, 'slices'>[];
    /** All that is subscribed to. */
    readonly slices: readonly Slice[];
  };
  /** The answer. */
  state?: string;
  members?: readonly MemberAtRest[];
};

export type GroupBody =
  | JoinBody
  | SyncBody
  | CommitBody
  | FetchBody
  | ConsumerHeartbeatBody
  | ForgetBody
  | RestBody;
