import { integerBelow, type Random } from '../../shared/base/random.ts';
import { happens, oneOf, spread } from './scheduler.ts';

/**
 * One kind of mishap at one kind of store call. The runs that break a protocol are mostly made of two or
 * three mishaps at particular places; a run that has them there often finds in hundreds of seeds what even
 * chance would in millions.
 */
export type Focus = {
  readonly on: RegExp;
  readonly what: 'sleep' | 'death' | 'lost' | 'late' | 'slow';
  /** Of sleep and death: before the call is sent, or before its answer is heard. */
  readonly when: 'begins' | 'hears';
  readonly chance: number;
};

/** What a run is mostly about: its plan and its mishaps fit together. */
export type Theme = 'everything' | 'producers' | 'pages' | 'rolls' | 'sweeps' | 'retention' | 'topics';

export const themes: readonly Theme[] = [
  'everything',
  'everything',
  'producers',
  'producers',
  'pages',
  'rolls',
  'sweeps',
  'sweeps',
  'retention',
  'topics',
];

/** The steps that the log's protocol consists of, by what their calls look like. */
const steps: { readonly [theme in Exclude<Theme, 'everything'>]: readonly RegExp[] } = {
  producers: [
    /update p#.*next,tail/, // an append is sequenced
    /get p#/, // a head is read
    /get i#.*prod#/, // a producer's item is read
    /put i#.*prod#/, // a producer's item is put
    /update p#.* evicted/, // it leaves the head
    /query i#.*(page|seg)#/, // a repeat is looked for
  ],
  pages: [
    /update p#.*next,tail/,
    /put b#|put object stage/, // a batch is staged
    /put i#.*page#/, // a page is put
    /get i#.*page#/, // it is looked at
    /update p#.* paged/, // the tail is shortened
    /query i#.*page#/, // pages are read
  ],
  rolls: [
    /put i#.*page#/,
    /update p#.* paged/,
    /get p#/,
    /put object log/, // a segment's object is put
    /update p#.* rolled/, // a roll is decided
    /put i#.*seg#/, // a segment's item is put
    /update p#.* -newSeg/, // the head forgets it
    /remove i#.*page#|remove b#/, // what was rolled is removed
  ],
  sweeps: [
    /update p#.*next,tail/,
    /put b#|put object stage/,
    /put object log/,
    /update p#.* rolled/,
    /put i#.*seg#/,
    /update p#.* swept/, // a sweep's fence
    /get p#|query i#.*page#/, // it reads names
    /query b#|list /, // it looks for candidates
    /remove b#|delete object/, // what nothing names is removed
  ],
  retention: [
    /update p#.* start/, // the log start moves
    /remove i#.*seg#/, // a segment is forgotten
    /delete object/,
    /put b#|put object stage/,
    /put i#.*seg#/,
    /get p#/,
  ],
  topics: [/transact/, /catalog/, /remove p#/, /get p#/, /update p#.*next,tail/],
};

export function drawFocuses(random: Random, theme: Theme): Focus[] {
  if (happens(random, theme === 'everything' ? 0.5 : 0.1)) return [];
  const choices = theme === 'everything' ? Object.values(steps).flat() : steps[theme];
  return Array.from({ length: 1 + integerBelow(random, 3) }, () => ({
    on: oneOf(random, choices),
    what: oneOf(random, ['sleep', 'slow', 'slow', 'death', 'lost', 'late'] as const),
    when: oneOf(random, ['begins', 'hears'] as const),
    chance: spread(random, 0.02, 0.5),
  }));
}
