import type { Ulid } from '../base/ulid.ts';
import type { KafkaErrorName } from '../kafka/error-codes.ts';
import type { StoredAssignments } from '../storage/items/group-cell.ts';
import type { GroupSettings } from './group-settings.ts';

/** What the pure rules know of the world. */
export type Moment = { readonly nowMs: number; readonly settings: GroupSettings };

/** What can happen to a classic group. Each may be folded twice with the same result. */
export type ClassicEvent = JoinEvent | LeaveEvent | SyncEvent | ExpireEvent | UnsyncedEvent;

/** A JoinGroup whose subscription and lease are stored. */
export type JoinEvent = {
  readonly kind: 'join';
  readonly memberId: string;
  /** The id is its own to bring in: minted for this request, or handed out and not used yet. */
  readonly admits: boolean;
  /** It came without a member id: a static one takes the place of the member of its instance id. */
  readonly cameWithoutId: boolean;
  readonly groupInstanceId: string | null;
  readonly protocolType: string;
  readonly protocolNames: readonly string[];
  readonly subscription: string;
  readonly metadataBytes: number;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly requestId: Ulid;
};

export type LeaveEvent = { readonly kind: 'leave'; readonly memberId: string };

/** The leader's SyncGroup; its assignments are stored. */
export type SyncEvent = {
  readonly kind: 'sync';
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
  /** Null: the request is too old to name them. */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignments: StoredAssignments;
};

/** Its lease ran out. */
export type ExpireEvent = { readonly kind: 'expire'; readonly memberId: string };

/** Who has not asked for the assignment of this generation when `syncDeadline` came. */
export type UnsyncedEvent = {
  readonly kind: 'unsynced';
  readonly generationId: number;
  readonly memberIds: readonly string[];
};

export type ClassicAnswer =
  | { readonly is: 'done' }
  /** `replaced`: the member id whose place it took. */
  | { readonly is: 'joined'; readonly memberId: string; readonly replaced: string | null }
  /** A newer request of the same member was folded before. */
  | { readonly is: 'superseded' }
  | { readonly is: 'refused'; readonly error: KafkaErrorName };

export const done: ClassicAnswer = { is: 'done' };
export const refused = (error: KafkaErrorName): ClassicAnswer => ({ is: 'refused', error });
