import { integerBelow, type Random } from '../../shared/base/random.ts';
import { defaultGroupSettings, type GroupSettings } from '../../shared/groups/group-settings.ts';
import { happens, oneOf, spread } from './scheduler.ts';

/** What a run about groups draws: who is in them, how patient everybody is, and what befalls clients. */
export type GroupsPlan = {
  readonly group: string;
  /** A heartbeat comes after about this time; sessions are measured in it. */
  readonly tempoMs: number;
  readonly sessionMs: number;
  readonly rebalanceMs: number;
  /** What a process waits inside before it says `again`. */
  readonly waitMsMax: number;
  readonly settings: Partial<GroupSettings>;
  /** One after another; each after the first begins when the one before is told to go. */
  readonly eras: readonly (readonly MemberPlan[])[];
  /** How long each era lasts while things go wrong. */
  readonly eraMs: number;
  readonly habits: Habits;
  readonly admin: AdminPlan;
  /** So long that member lists do not fit into the cell. */
  readonly longName: string;
};

export type MemberPlan = {
  readonly kind: 'classic' | 'consumer';
  readonly name: string;
  readonly instanceId: string | null;
  /** Version 4 of JoinGroup and up; of the heartbeat version 1: the client makes its own id. */
  readonly knowsIds: boolean;
  readonly subscribesBy: 'names' | 'regex';
  /** When it comes first. */
  readonly afterMs: number;
};

/** Chances, asked once a heartbeat. */
export type Habits = {
  readonly dies: number;
  readonly stalls: number;
  readonly leaves: number;
  readonly changes: number;
  /** A static member is started a second time while the first one lives. */
  readonly isDoubled: number;
  /** It does not wait for an answer before it asks again elsewhere. */
  readonly hurries: number;
  /** It goes on committing for a while after it heard that it may not. */
  readonly lingers: number;
  readonly commits: number;
  /** It asks what is committed, though it knows. */
  readonly looks: number;
};

export type AdminPlan = {
  readonly steps: number;
  readonly deletesGroups: boolean;
  readonly deletesOffsets: boolean;
  readonly growsTopic: boolean;
};

type GroupTheme = 'groups' | 'commits' | 'consumers';

export function drawGroups(random: Random, theme: GroupTheme): GroupsPlan {
  const tempoMs = spread(random, 500, 4_000);
  const sessionMs = Math.max(6_000, Math.round(spread(random, 10, 20) * tempoMs));
  const isOfOneEra = happens(random, theme === 'commits' ? 0.7 : 0.85);
  const isNew = theme === 'consumers' || (theme === 'commits' && happens(random, 0.5));
  const first = isNew ? 'consumer' : 'classic';
  const kinds = isOfOneEra
    ? [first]
    : oneOf(random, [
        ['classic', 'consumer'],
        ['consumer', 'classic'],
      ]);
  const settings = {
    consumerSessionTimeoutMs: sessionMs,
    consumerHeartbeatIntervalMs: Math.round(tempoMs),
    initialRebalanceDelayMs: happens(random, 0.3) ? Math.round(spread(random, 100, 5 * tempoMs)) : 0,
    offsetsRetentionMs: happens(random, 0.2)
      ? Math.round(spread(random, 5, 50) * tempoMs)
      : defaultGroupSettings.offsetsRetentionMs,
    // The longer ones are cut to a sixth of the session.
    heartbeatHoldMs: happens(random, 0.5) ? Math.round(spread(random, 1, 6) * tempoMs) : 0,
  };
  return {
    group: 'g',
    tempoMs,
    sessionMs,
    rebalanceMs: Math.round(oneOf(random, theme === 'groups' ? [5, 200, 200] : [5, 15, 200]) * tempoMs),
    waitMsMax: oneOf(random, [1_000, 5_000, 20_000]),
    settings,
    eras: kinds.map((kind, era) =>
      drawEra(random, kind as MemberPlan['kind'], { era, tempoMs, statics: theme === 'commits' ? 0.8 : 0.5 }),
    ),
    eraMs: Math.round(spread(random, 25, 70) * tempoMs) / kinds.length,
    habits: drawHabits(random, theme),
    admin: {
      steps: happens(random, 0.5) ? integerBelow(random, 12) : 0,
      deletesGroups: happens(random, 0.4),
      deletesOffsets: happens(random, 0.2),
      growsTopic: theme === 'consumers' && happens(random, 0.6),
    },
    longName: happens(random, 0.25) ? 'x'.repeat(800) : '',
  };
}

function drawEra(
  random: Random,
  kind: MemberPlan['kind'],
  { era, tempoMs, statics: chance }: { era: number; tempoMs: number; statics: number },
): MemberPlan[] {
  const statics = happens(random, chance) ? random.next() : 0;
  return Array.from({ length: 2 + integerBelow(random, 3) }, (_, at) => ({
    kind,
    name: `${kind === 'classic' ? 'c' : 'k'}${era}${at}`,
    instanceId: happens(random, statics) ? `i${era}${at}` : null,
    knowsIds: happens(random, 0.75),
    subscribesBy: happens(random, 0.25) ? 'regex' : 'names',
    afterMs: happens(random, 0.5) ? 0 : spread(random, 1, 20 * tempoMs),
  }));
}

function drawHabits(random: Random, theme: GroupTheme): Habits {
  const some = (chance: number, from: number, to: number): number =>
    happens(random, chance) ? spread(random, from, to) : 0;
  return {
    dies: some(0.5, 0.005, 0.05),
    stalls: some(theme === 'commits' ? 0.9 : 0.5, 0.005, 0.06),
    leaves: some(0.5, 0.005, 0.05),
    changes: some(theme === 'commits' ? 0.3 : 0.7, 0.01, 0.15),
    isDoubled: theme === 'commits' ? some(0.8, 0.05, 0.2) : some(0.5, 0.01, 0.08),
    hurries: some(0.7, 0.05, 0.6),
    lingers: some(0.7, 0.2, 0.9),
    commits: theme === 'groups' ? 0.2 : 0.8,
    looks: theme === 'commits' ? 0.6 : 0.05,
  };
}
