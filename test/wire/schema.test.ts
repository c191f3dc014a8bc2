import { describe, expect, expectTypeOf, test } from 'vitest';
import { ByteReader } from '../../shared/base/bytes.ts';
import { codecOf } from '../../shared/protocol/codec.ts';
import { FrameWriter } from '../../shared/protocol/frame-writer.ts';
import {
  array,
  between,
  bool,
  type Fields,
  float64,
  type GivenOf,
  int8,
  int16,
  int32,
  int64,
  type Message,
  nullable,
  nullableString,
  type Of,
  optional,
  records,
  since,
  string,
  struct,
  tagged,
  uint16,
  uint32,
  until,
  uuid,
} from '../../shared/protocol/schema.ts';

const message = <const F extends Fields>(fields: F): Message<F> => ({
  name: 'a message',
  versions: [0, 9],
  flexibleSince: 5,
  fields,
});

/** The bytes of a message in hex, without the size that a frame has. */
function hex<F extends Fields>(of: Message<F>, version: number, given: GivenOf<Message<F>>): string {
  const writer = new FrameWriter();
  codecOf(of, version).encode(writer, given);
  return Buffer.concat(writer.finish()).subarray(4).toString('hex');
}

const decode = <F extends Fields>(of: Message<F>, version: number, bytes: string): Of<Message<F>> =>
  codecOf(of, version).decode(new ByteReader(Buffer.from(bytes, 'hex'))) as Of<Message<F>>;

describe('forms', () => {
  test('numbers, booleans and ids are as Kafka writes them, in every version', () => {
    const numbers = message({
      a: int8,
      b: int16,
      c: uint16,
      d: int32,
      e: uint32,
      f: int64,
      g: float64,
      h: bool,
      i: uuid,
    });
    const given = {
      a: -2,
      b: -3,
      c: 65_534,
      d: -4,
      e: 4_294_967_290,
      f: -5n,
      g: 0.5,
      h: true,
      i: 'f81d4fae-7dec-4d0a-a765-00a0c91e6bf6',
    };
    const bytes =
      'fe fffd fffe fffffffc fffffffa fffffffffffffffb 3fe0000000000000 01 f81d4fae7dec4d0aa76500a0c91e6bf6';
    expect(hex(numbers, 0, given)).toBe(bytes.replaceAll(' ', ''));
    expect(hex(numbers, 5, given)).toBe(`${bytes.replaceAll(' ', '')}00`);
    expect(decode(numbers, 0, bytes.replaceAll(' ', ''))).toEqual(given);
  });

  test('lengths are 16 or 32 bits, and compact in flexible versions', () => {
    const runs = message({ text: string, none: nullableString, list: array(int8), batch: records });
    const given = { text: 'é', none: null, list: [1, 2], batch: Buffer.from('abc') };
    expect(hex(runs, 0, given)).toBe('0002c3a9ffff00000002010200000003616263');
    expect(hex(runs, 5, given)).toBe('03c3a900030102046162630' + '0');
  });

  test('a struct that may be null has a byte before it', () => {
    const cursor = message({ cursor: nullable(struct({ partition: int8 })) });
    expect(hex(cursor, 0, { cursor: null })).toBe('ff');
    expect(hex(cursor, 0, { cursor: { partition: 7 } })).toBe('0107');
    expect(decode(cursor, 0, 'ff')).toEqual({ cursor: null });
    expect(decode(cursor, 0, '0107')).toEqual({ cursor: { partition: 7 } });
  });

  test('an id that is none is never written', () => {
    const id = message({ id: uuid });
    for (const bad of [
      '',
      'orders',
      'f81d4fae-7dec-4d0a-a765-00a0c91e6bfg',
      'f81d4fae7-dec-4d0a-a765-00a0c91e6bf6',
    ])
      expect(() => hex(id, 0, { id: bad }), bad).toThrow(/is no uuid/);
    expect(hex(id, 0, { id: 'F81D4FAE-7DEC-4D0A-A765-00A0C91E6BF6' })).toBe(
      'f81d4fae7dec4d0aa76500a0c91e6bf6',
    );
  });

  test('ids that share a place in memory are told apart', () => {
    const id = message({ id: uuid });
    for (let i = 0; i < 5000; i++) {
      const bytes = Buffer.alloc(16);
      bytes.writeUInt32BE(i * 1024, 0);
      const { id: text } = decode(id, 0, bytes.toString('hex'));
      expect(text.replaceAll('-', '')).toBe(bytes.toString('hex'));
    }
  });
});

describe('versions', () => {
  const spoken = message({
    always: int8,
    since2: since(2, int8, -1),
    until3: until(3, int8, 9),
    middle: between(1, 2, int8),
    left: optional(int8, 5),
  });

  test('a field is written in its versions alone', () => {
    const given = { always: 1, since2: 2, until3: 3, middle: 4, left: 6 };
    expect([0, 1, 2, 3, 4].map((version) => hex(spoken, version, given))).toEqual([
      '010306',
      '01030406',
      '0102030406',
      '01020306',
      '010206',
    ]);
  });

  test('a field that is absent or left out has its default', () => {
    expect(decode(spoken, 0, '010306')).toEqual({ always: 1, since2: -1, until3: 3, middle: 0, left: 6 });
    expect(decode(spoken, 4, '010206')).toEqual({ always: 1, since2: 2, until3: 9, middle: 0, left: 6 });
    expect(hex(spoken, 2, { always: 1 })).toBe('01ff090005');
    expect(hex(spoken, 2, { always: 1, left: undefined })).toBe('01ff090005');
  });

  test('null is taken from the version on that has it', () => {
    const named = message({ name: nullable(string, 2) });
    expect(decode(named, 2, 'ffff')).toEqual({ name: null });
    expect(() => decode(named, 1, 'ffff')).toThrow(/null where this version has a value/);
  });

  test('types say what may be left out, and what comes out', () => {
    type Given = GivenOf<typeof spoken>;
    expectTypeOf<{ always: 1 }>().toExtend<Given>();
    expectTypeOf<{ since2: 1 }>().not.toExtend<Given>();
    expectTypeOf<Of<typeof spoken>['since2']>().toEqualTypeOf<number>();
    const nested = message({ topics: array({ name: nullableString, offsets: since(1, array(int64)) }) });
    expectTypeOf<Of<typeof nested>['topics'][number]>().toEqualTypeOf<{
      readonly name: string | null;
      readonly offsets: readonly bigint[];
    }>();
    expectTypeOf<{ topics: { name: null }[] }>().toExtend<GivenOf<typeof nested>>();
  });
});

describe('tagged fields', () => {
  const leader = struct({ id: optional(int32, -1), epoch: optional(int32, -1) });
  const answer = message({
    code: int8,
    leader: tagged(0, 5, leader),
    names: tagged(2, 6, array(string)),
    note: tagged(1, 5, nullableString, null),
  });

  test('those that differ from the default are written in the order of their tags', () => {
    expect(hex(answer, 5, { code: 1, names: ['a'], note: 'x', leader: { id: 3 } })).toBe(
      '01' + '02' + '0009' + '00000003ffffffff00' + '0102' + '0278',
    );
    expect(hex(answer, 6, { code: 1, names: ['a'] })).toBe('01' + '01' + '0203' + '020261');
    expect(hex(answer, 6, { code: 1, names: [], note: null, leader: { id: -1 } })).toBe('0100');
    expect(hex(answer, 4, { code: 1, note: 'x' })).toBe('01');
  });

  test('those not there have their default, and unknown ones are read over', () => {
    const absent = { leader: { id: -1, epoch: -1 }, names: [], note: null };
    expect(decode(answer, 5, '0100')).toEqual({ code: 1, ...absent });
    expect(decode(answer, 5, '0102' + '010100' + '6303aabbcc')).toEqual({ code: 1, ...absent });
    expect(decode(answer, 5, '0102' + '6303aabbcc' + '01020278')).toEqual({ code: 1, ...absent, note: 'x' });
  });

  test('one that is longer or shorter than it says is refused', () => {
    expect(() => decode(answer, 5, '0101' + '01030278' + '00')).toThrow(/another length/);
    expect(() => decode(answer, 5, '0101' + '01010278')).toThrow(/another length/);
    expect(() => decode(answer, 5, '0101' + '6304aabbcc')).toThrow(/4 bytes wanted/);
  });

  test('long ones have a length of several bytes', () => {
    for (const length of [100, 125, 126, 127, 200, 16_381, 16_384, 70_000]) {
      const note = 'n'.repeat(length);
      expect(decode(answer, 5, hex(answer, 5, { code: 1, note })).note).toBe(note);
    }
  });
});
