import { describe, expect, test } from 'vitest';
import { type Member, repeatsIn, type Told, violationsOf } from '../../examples/kafka-flights/judge.ts';

const airports = ['ORD', 'SFO', 'ORD', 'SFO'];
const took = (atUs: number, ...partitions: number[]): Told => ({ took: partitions, atUs });
const flight = (number: number, atUs: number, partition = number % 2): Told => ({
  flight: number,
  airport: airports[number] ?? '',
  partition,
  offset: Math.floor(number / 2),
  atUs,
});
const judged = (...members: Member[]): string[] => violationsOf(airports, members);
const gave = (atUs: number): Told => ({ gaveAll: true, atUs });

describe('the judge of the flights', () => {
  test('finds nothing wrong where a killed member left its partition to the other', () => {
    const killed: Member = { told: [took(0, 0), flight(0, 1)], killedAtUs: 5 };
    const other: Member = {
      told: [took(0, 1), flight(1, 2), gave(8), took(9, 0, 1), flight(0, 10), flight(2, 11), flight(3, 12)],
    };
    expect(judged(killed, other)).toEqual([]);
    expect(repeatsIn([killed, other])).toBe(1);
  });

  test('misses a flight that nobody processed', () => {
    expect(judged({ told: [took(0, 0, 1), flight(0, 1), flight(1, 2), flight(3, 3)] })).toEqual([
      'flight 2 of ORD was not processed',
    ]);
  });

  test('sees a flight of an airport that came after a later one', () => {
    const told = [took(0, 0, 1), flight(2, 1), flight(0, 2), flight(1, 3), flight(3, 4)];
    expect(judged({ told })).toEqual(['ORD: flight 0 came after 2']);
  });

  test('sees two members that have a partition at once', () => {
    const first: Member = { told: [took(0, 0, 1), flight(0, 1), flight(1, 2), flight(2, 3), flight(3, 4)] };
    expect(judged(first, { told: [took(3, 1), gave(6)] })).toEqual([
      'members 0 and 1 had partition 1 at once',
    ]);
  });

  test('sees a member that works on what it has given away', () => {
    const first: Member = { told: [took(0, 0, 1), flight(0, 1), flight(2, 2), gave(3), flight(1, 7)] };
    expect(judged(first, { told: [took(6, 1), flight(3, 9)] })).toEqual([
      'member 0 processed flight 1 of partition 1, which 1 had',
    ]);
  });
});
