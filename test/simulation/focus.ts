import { integerBelow, type Random } from '../../shared/base/random.ts';
import { happens, oneOf, spread } from './scheduler.ts';

/**
 * One kind of mishap at one kind of store call. The runs that break a protocol are mostly made of two or three mishaps
 * at particular places; a run that has them there often finds in hundreds of seeds what even chance would in millions.
 */
export type Focus = {
  readonly on: RegExp;
  readonly what: 'sleep' | 'death' | 'lost' | 'late';
  /** Of sleep and death: before the call is sent, or before its answer is heard. */
  readonly when: 'begins' | 'hears';
  readonly chance: number;
};

/** Every step that the log's protocol consists of, by what its call looks like. */
const steps: readonly RegExp[] = [
  /update p#.*next,tail/, // an append is sequenced
  /put b#|put object stage/, // staged
  /put i#.*page#/, // a page is put
  /update p#.* paged/, // the tail is shortened
  /put i#.*prod#/, // a producer's item is put
  /update p#.* evicted/, // it leaves the head
  /put object log/, // a segment's object is put
  /update p#.* rolled,newSeg/, // a roll is decided
  /put i#.*seg#/, // a segment's item is put
  /update p#.* -newSeg/, // the head forgets it
  /remove i#.*page#|remove b#/, // what was rolled is removed
  /update p#.* swept/, // a sweep's fence
  /remove b#|delete object/, // what nothing names is removed
  /update p#.* start/, // the log start moves
  /remove i#.*seg#/, // a segment is forgotten
  /get p#/, // a head is read
  /get i#.*prod#/, // a producer's item is read
  /query i#.*(page|seg)#/, // pages or segments are read
  /query b#|list /, // a sweep looks for candidates
  /transact|catalog|remove p#/, // topics
];

export function drawFocuses(random: Random): Focus[] {
  if (happens(random, 0.35)) return [];
  return Array.from({ length: 1 + integerBelow(random, 3) }, () => ({
    on: oneOf(random, steps),
    what: oneOf(random, ['sleep', 'sleep', 'death', 'lost', 'late'] as const),
    when: oneOf(random, ['begins', 'hears'] as const),
    chance: spread(random, 0.02, 0.5),
  }));
}
