import fc, { type Arbitrary } from 'fast-check';
import { apis } from '../../shared/protocol/messages/index.ts';
import {
  type Api,
  type Field,
  type Fields,
  fieldsOf,
  type Message,
  type Type,
} from '../../shared/protocol/schema.ts';

/** Every API in every version it is spoken in. */
export const everyVersion: readonly {
  readonly api: Api;
  readonly version: number;
  readonly title: string;
}[] = (apis as readonly Api[]).flatMap((api) => {
  const [min, max] = api.versions;
  return Array.from({ length: max - min + 1 }, (_, place) => {
    const version = min + place;
    return { api, version, title: `${api.name} v${version}` };
  });
});

const int = (bits: number): Arbitrary<number> =>
  fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
const bytes = fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.from(some));

const scalars: { readonly [kind: string]: Arbitrary<unknown> } = {
  int8: int(8),
  int16: int(16),
  uint16: fc.integer({ min: 0, max: 2 ** 16 - 1 }),
  int32: int(32),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int64: fc.bigInt(-(1n << 63n), (1n << 63n) - 1n),
  float64: fc.double({ noNaN: true }),
  bool: fc.boolean(),
  uuid: fc.uuid(),
  string: fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 40 })),
  bytes,
  records: bytes,
};

function anyOf({ shape }: Type, version: number): Arbitrary<unknown> {
  const value = (): Arbitrary<unknown> => {
    if (shape.kind === 'array') return fc.array(anyOf(shape.element, version), { maxLength: 3 });
    if (shape.kind === 'struct') return anyStruct(shape.fields, version);
    return scalars[shape.kind] ?? fc.constant(undefined);
  };
  const nullable = 'nullableSince' in shape && version >= shape.nullableSince;
  return nullable ? fc.option(value(), { nil: null, freq: 4 }) : value();
}

const isSpoken = ({ since, until }: Field, version: number): boolean => version >= since && version <= until;

function anyStruct(fields: Fields, version: number): Arbitrary<Record<string, unknown>> {
  const here = fieldsOf(fields).filter(({ field }) => isSpoken(field, version));
  const values = Object.fromEntries(here.map(({ name, field }) => [name, anyOf(field.type, version)]));
  const mayBeLeftOut = (name: string): boolean => !('shape' in (fields[name] as object));
  const requiredKeys = here.map(({ name }) => name).filter((name) => !mayBeLeftOut(name));
  return fc.record(values, { requiredKeys, noNullPrototype: true });
}

/** What an encoder may be given for a message: fields with a default are sometimes left out. */
export const anyMessage = (message: Message, version: number): Arbitrary<Record<string, unknown>> =>
  anyStruct(message.fields, version);

/** The value that must come out when `given` went in: every field, left-out ones with their default. */
export function completed(fields: Fields, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    fieldsOf(fields).map(({ name, field }) => {
      const value = given[name];
      return [name, value === undefined ? field.default : completedValue(field.type, value)];
    }),
  );
}

function completedValue({ shape }: Type, value: unknown): unknown {
  if (value === null) return null;
  if (shape.kind === 'struct') return completed(shape.fields, value as Record<string, unknown>);
  if (shape.kind !== 'array') return value;
  return (value as unknown[]).map((element) => completedValue(shape.element, element));
}
