/** What a member of the group says of itself, a line at a time; `atUs` is of a clock that all share. */
export type Told =
  | { readonly took: readonly number[]; readonly atUs: number }
  | { readonly gaveAll: true; readonly atUs: number }
  | {
      readonly flight: number;
      readonly airport: string;
      readonly partition: number;
      readonly offset: number;
      readonly atUs: number;
    };
type Processed = Extract<Told, { flight: number }> & { readonly member: number };

/** All that one member told, in order, and when it was killed. */
export type Member = { readonly told: readonly Told[]; readonly killedAtUs?: number };

/** From when until when a member has had a partition. */
type Hand = { readonly member: number; readonly partition: number; readonly fromUs: number; untilUs: number };

const isFlight = (told: Told): told is Extract<Told, { flight: number }> => 'flight' in told;

/**
 * What went wrong, in words: flights that nobody processed, airports whose flights came out of order, and
 * partitions that two members had at once. A flight that was processed before a member died, and not
 * committed yet, comes again: that is no error.
 */
export function violationsOf(airportOf: readonly string[], members: readonly Member[]): string[] {
  const processed = members
    .flatMap(({ told }, member) => told.filter(isFlight).map((flight): Processed => ({ ...flight, member })))
    .sort((a, b) => a.atUs - b.atUs);
  return [
    ...lost(airportOf, processed),
    ...outOfOrder(processed),
    ...inTwoHands(members.flatMap(handsOf)),
    ...inForeignHands(processed, members.flatMap(handsOf)),
  ];
}

/** How many flights were processed again. */
export function repeatsIn(members: readonly Member[]): number {
  const flights = members.flatMap(({ told }) => told.filter(isFlight).map(({ flight }) => flight));
  return flights.length - new Set(flights).size;
}

function lost(airportOf: readonly string[], processed: readonly Processed[]): string[] {
  const seen = new Map(processed.map(({ flight, airport }) => [flight, airport]));
  return airportOf.flatMap((airport, flight) =>
    seen.get(flight) === airport ? [] : [`flight ${flight} of ${airport} was not processed`],
  );
}

/** By the first time that each was processed. */
function outOfOrder(processed: readonly Processed[]): string[] {
  const newest = new Map<string, number>();
  const seen = new Set<number>();
  const found: string[] = [];
  for (const { flight, airport } of processed) {
    const before = newest.get(airport) ?? -1;
    if (!seen.has(flight) && flight < before) found.push(`${airport}: flight ${flight} came after ${before}`);
    seen.add(flight);
    newest.set(airport, Math.max(before, flight));
  }
  return found;
}

function handsOf({ told, killedAtUs }: Member, member: number): Hand[] {
  const hands: Hand[] = [];
  let held: Hand[] = [];
  const giveAll = (atUs: number): void => {
    for (const hand of held) hand.untilUs = atUs;
    held = [];
  };
  for (const one of told) {
    if (isFlight(one)) continue;
    giveAll(one.atUs);
    if (!('took' in one)) continue;
    const untilUs = killedAtUs ?? Number.POSITIVE_INFINITY;
    held = one.took.map((partition) => ({ member, partition, fromUs: one.atUs, untilUs }));
    hands.push(...held);
  }
  return hands;
}

function inTwoHands(hands: readonly Hand[]): string[] {
  return hands.flatMap((one) =>
    hands
      .filter((other) => other.member > one.member && other.partition === one.partition)
      .filter((other) => other.fromUs < one.untilUs && one.fromUs < other.untilUs)
      .map(({ member }) => `members ${one.member} and ${member} had partition ${one.partition} at once`),
  );
}

/** A flight that was processed by one member while another had its partition. */
function inForeignHands(processed: readonly Processed[], hands: readonly Hand[]): string[] {
  return processed.flatMap(({ flight, partition, member, atUs }) => {
    const holder = hands.find(
      (hand) => hand.partition === partition && hand.fromUs < atUs && atUs < hand.untilUs,
    );
    return holder === undefined || holder.member === member
      ? []
      : [`member ${member} processed flight ${flight} of partition ${partition}, which ${holder.member} had`];
  });
}
