import { integerBelow, type Random } from '../../shared/base/random.ts';
import { happens, oneOf, spread } from './scheduler.ts';

/**
 * One kind of mishap at one kind of store call. The runs that break a protocol are mostly made of two or
 * three mishaps at particular places; a run that has them there often finds in hundreds of seeds what even
 * chance would in millions.
 */
export type Focus = {
  readonly on: RegExp;
  /** Held: it is on its way for as long as others may be late, and is answered. */
  readonly what: 'sleep' | 'death' | 'lost' | 'late' | 'slow' | 'held';
  /** Of sleep and death: before the call is sent, or before its answer is heard. */
  readonly when: 'begins' | 'hears';
  readonly chance: number;
};

/** What a run is mostly about: its plan and its mishaps fit together. */
export type Theme =
  | 'everything'
  | 'producers'
  | 'evictions'
  | 'pages'
  | 'rolls'
  | 'sweeps'
  | 'retention'
  | 'expiry'
  | 'topics'
  | 'groups'
  | 'commits'
  | 'consumers';

/** In turn, seed after seed; what takes more luck to break is there more often. */
export const themes: readonly Theme[] = [
  'everything',
  'producers',
  'evictions',
  'evictions',
  'pages',
  'pages',
  'rolls',
  'sweeps',
  'sweeps',
  'retention',
  'expiry',
  'topics',
  'topics',
  'groups',
  'commits',
  'consumers',
];

export const themeOf = (seed: number): Theme => themes[seed % themes.length] as Theme;

/** The theme of this name. Throws, naming all, when there is none. */
export function asTheme(name: string): Theme {
  const theme = themes.find((candidate) => candidate === name);
  if (theme === undefined) throw new Error(`there is no theme '${name}': ${[...new Set(themes)].join(', ')}`);
  return theme;
}

/** The steps that the log's protocol consists of, by what their calls look like. */
const step = {
  sequence: /update p#.*next,tail/,
  stage: /put b#|put object stage/,
  readHead: /get p#/,
  readProducer: /get i#.*prod#/,
  putProducer: /put i#.*prod#/,
  forgetProducer: /update p#.* evicted/,
  search: /query i#.*(page|seg)#/,
  putPage: /put i#.*page#|transact \d+ i#/,
  readPage: /get i#.*page#/,
  shortenTail: /update p#.* paged/,
  readPages: /query i#.*page#/,
  putSegmentObject: /put object log/,
  decideRoll: /update p#.* rolled/,
  putSegment: /put i#.*seg#/,
  forgetNewSeg: /update p#.* -newSeg/,
  removeRolled: /remove i#.*page#|remove b#/,
  fence: /update p#.* swept/,
  listCandidates: /query b#|list /,
  removeUnnamed: /remove b#|delete object/,
  moveStart: /update p#.* start/,
  removeSegment: /remove i#.*seg#/,
  transact: /transact/,
  catalog: /catalog/,
  removeHead: /remove p#/,
  readCell: /get g#.*\/group/,
  writeCell: /put g#.*\/group/,
  stageSubscription: /put g#.*\/sub#/,
  lease: /(put|update) g#.*\/lease#/,
  readLeases: /query g#.*lease#/,
  removeLease: /remove g#.*\/lease#/,
  stageAssignment: /put g#.*\/asg#/,
  readBlock: /get(Many)? g#.*\/offset#/,
  commit: /update g#.*\/offset#.* c,o/,
  raise: /update g#.*\/offset#.* c,fence/,
} as const;

type Steps = readonly (keyof typeof step)[];

/** Of each theme: where timing alone decides, and what else belongs to it. */
const stepsOf: { readonly [theme in Exclude<Theme, 'everything'>]: { critical: Steps; others: Steps } } = {
  producers: {
    critical: ['sequence', 'readHead', 'readProducer'],
    others: ['putProducer', 'forgetProducer', 'search'],
  },
  evictions: {
    critical: ['readProducer', 'putProducer'],
    others: ['sequence', 'readHead', 'forgetProducer'],
  },
  pages: { critical: ['putPage', 'shortenTail'], others: ['sequence', 'stage', 'readPage', 'readPages'] },
  rolls: {
    critical: ['decideRoll', 'putSegment', 'putPage', 'sequence'],
    others: ['shortenTail', 'readHead', 'putSegmentObject', 'forgetNewSeg', 'removeRolled'],
  },
  sweeps: {
    critical: ['sequence', 'decideRoll', 'fence', 'readHead'],
    others: ['stage', 'putSegmentObject', 'putSegment', 'readPages', 'listCandidates', 'removeUnnamed'],
  },
  retention: {
    critical: ['moveStart', 'stage'],
    others: ['removeSegment', 'removeUnnamed', 'putSegment', 'readHead'],
  },
  expiry: { critical: ['stage', 'sequence'], others: ['moveStart', 'readPages', 'readHead', 'shortenTail'] },
  topics: { critical: ['transact', 'removeHead'], others: ['catalog', 'readHead', 'sequence'] },
  groups: {
    critical: ['writeCell', 'stageSubscription', 'lease', 'readCell'],
    others: ['stageAssignment', 'readLeases', 'removeLease'],
  },
  commits: { critical: ['commit', 'raise', 'readBlock'], others: ['readCell', 'writeCell', 'lease'] },
  consumers: {
    critical: ['writeCell', 'readCell', 'commit'],
    others: ['lease', 'readLeases', 'removeLease', 'raise'],
  },
};

export function drawFocuses(random: Random, theme: Theme): Focus[] {
  if (happens(random, theme === 'everything' ? 0.5 : 0.1)) return [];
  const more = Array.from({ length: integerBelow(random, 3) });
  if (theme === 'everything') return more.map(() => drawFocus(random, Object.values(step)));
  const { critical, others } = stepsOf[theme];
  if (theme === 'groups' || theme === 'commits' || theme === 'consumers') {
    const kinds = ['held', 'held', 'late', 'lost', 'sleep', 'death'] as const;
    const one = (): Focus => drawFocus(random, named(happens(random, 0.7) ? critical : others), kinds);
    const heldCommit: Focus = {
      on: step.commit,
      what: 'held',
      when: 'begins',
      chance: spread(random, 0.1, 0.6),
    };
    return [theme === 'commits' && happens(random, 0.6) ? heldCommit : one(), ...more.map(one)];
  }
  const first = (): Focus => drawFocus(random, named(critical), ['slow', 'slow', 'late', 'lost', 'sleep']);
  return [first(), first(), ...more.map(() => drawFocus(random, named([...critical, ...others])))];
}

const named = (steps: Steps): RegExp[] => steps.map((name) => step[name]);

const drawFocus = (
  random: Random,
  steps: readonly RegExp[],
  kinds: readonly Focus['what'][] = ['sleep', 'slow', 'slow', 'death', 'lost', 'late'],
): Focus => ({
  on: oneOf(random, steps),
  what: oneOf(random, kinds),
  when: oneOf(random, ['begins', 'hears'] as const),
  chance: spread(random, 0.05, 0.7),
});
