import { assert, present } from '../base/assert.ts';
import { type ByteReader, MalformedBytes } from '../base/bytes.ts';
import type { FrameWriter } from './frame-writer.ts';
import {
  type Decoded,
  type Field,
  type Fields,
  fieldsOf,
  type Given,
  type Message,
  type RunKind,
  type ScalarKind,
  type Shape,
  type Type,
} from './schema.ts';
import { decodeUuid } from './uuid.ts';

/** A form in one version. Nothing is asked again here that the version has decided. */
export interface Codec<Out = unknown, In = Out> {
  /** The fewest bytes a value has. */
  readonly bytesMin: number;
  /** Throws MalformedBytes. */
  decode(reader: ByteReader): Out;
  encode(writer: FrameWriter, value: In): void;
}

type Version = { readonly version: number; readonly flexible: boolean };

const codecsByMessage = new WeakMap<Message, Codec[]>();

/** The codec of a message in one of its versions, made when it is first asked for. */
export function codecOf<F extends Fields>(message: Message<F>, version: number): Codec<Decoded<F>, Given<F>> {
  let codecs = codecsByMessage.get(message);
  if (codecs === undefined) {
    codecs = [];
    codecsByMessage.set(message, codecs);
  }
  let codec = codecs[version];
  if (codec === undefined) {
    const [min, max] = message.versions;
    assert(version >= min && version <= max, `${message.name} has no version ${version}`);
    codec = structCodec(message.fields, { version, flexible: version >= message.flexibleSince });
    codecs[version] = codec;
  }
  return codec as Codec<Decoded<F>, Given<F>>;
}

function codecOfType(type: Type, at: Version): Codec {
  const { shape } = type;
  switch (shape.kind) {
    case 'array':
      return arrayCodec(codecOfType(shape.element, at), at, isNullable(shape, at));
    case 'struct':
      return isNullable(shape, at)
        ? nullableStructCodec(structCodec(shape.fields, at))
        : structCodec(shape.fields, at);
    case 'string':
      return textCodec(at, isNullable(shape, at));
    case 'bytes':
    case 'records':
      return bytesCodec(shape.kind, at, isNullable(shape, at));
    default:
      return scalars[shape.kind];
  }
}

const isNullable = (shape: Shape & { nullableSince: number }, { version }: Version): boolean =>
  version >= shape.nullableSince;

const scalar = <T>(
  bytesMin: number,
  decode: (reader: ByteReader) => T,
  encode: (writer: FrameWriter, value: T) => void,
): Codec => ({ bytesMin, decode, encode: (writer, value) => encode(writer, value as T) });

const scalars: { readonly [K in ScalarKind]: Codec } = {
  int8: scalar<number>(
    1,
    (reader) => reader.int8(),
    (writer, value) => writer.int8(value),
  ),
  int16: scalar<number>(
    2,
    (reader) => reader.int16(),
    (writer, value) => writer.int16(value),
  ),
  uint16: scalar<number>(
    2,
    (reader) => reader.uint16(),
    (writer, value) => writer.int16(value),
  ),
  int32: scalar<number>(
    4,
    (reader) => reader.int32(),
    (writer, value) => writer.int32(value),
  ),
  uint32: scalar<number>(
    4,
    (reader) => reader.uint32(),
    (writer, value) => writer.int32(value),
  ),
  int64: scalar<bigint>(
    8,
    (reader) => reader.int64(),
    (writer, value) => writer.int64(value),
  ),
  float64: scalar<number>(
    8,
    (reader) => reader.float64(),
    (writer, value) => writer.float64(value),
  ),
  bool: scalar<boolean>(
    1,
    (reader) => reader.int8() !== 0,
    (writer, value) => writer.int8(value ? 1 : 0),
  ),
  uuid: scalar<string>(16, decodeUuid, (writer, value) => writer.uuid(value)),
};

/** How a length stands before a run of bytes or an array; -1 is null. */
type Length = {
  readonly bytes: number;
  decode(reader: ByteReader): number;
  encode(writer: FrameWriter, length: number): void;
};

const compactLength: Length = {
  bytes: 1,
  decode: (reader) => reader.uvarint() - 1,
  encode: (writer, length) => writer.uvarint(length + 1),
};
const int32Length: Length = {
  bytes: 4,
  decode: (reader) => reader.int32(),
  encode: (writer, length) => writer.int32(length),
};
const int16Length: Length = {
  bytes: 2,
  decode: (reader) => reader.int16(),
  encode: (writer, length) => writer.int16(length),
};

const noNull = (): MalformedBytes => new MalformedBytes('null where this version has a value');

function textCodec({ flexible }: Version, nullable: boolean): Codec<string | null> {
  const length = flexible ? compactLength : int16Length;
  return {
    bytesMin: length.bytes,
    decode(reader) {
      const count = length.decode(reader);
      if (count >= 0) return reader.text(count);
      if (count === -1 && nullable) return null;
      throw count === -1 ? noNull() : new MalformedBytes(`a string of ${count} bytes`);
    },
    encode(writer, value) {
      if (value !== null) return writer.text(value, flexible);
      assert(nullable, 'no null where this version has a string');
      length.encode(writer, -1);
    },
  };
}

function bytesCodec(kind: RunKind, { flexible }: Version, nullable: boolean): Codec<Uint8Array | null> {
  const length = flexible ? compactLength : int32Length;
  return {
    bytesMin: length.bytes,
    decode(reader) {
      const count = length.decode(reader);
      if (count >= 0) return reader.raw(count);
      if (count === -1 && nullable) return null;
      throw count === -1 ? noNull() : new MalformedBytes(`a run of ${count} bytes`);
    },
    encode(writer, value) {
      assert(value !== null || nullable, 'no null where this version has bytes');
      length.encode(writer, value === null ? -1 : value.length);
      if (value === null) return;
      if (kind === 'records') writer.view(value);
      else writer.raw(value);
    },
  };
}

function arrayCodec(
  element: Codec,
  { flexible }: Version,
  nullable: boolean,
): Codec<readonly unknown[] | null> {
  const length = flexible ? compactLength : int32Length;
  const { bytesMin } = element;
  assert(bytesMin > 0, 'an element has bytes, so that a count cannot lie');
  return {
    bytesMin: length.bytes,
    decode(reader) {
      const count = length.decode(reader);
      if (count === -1 && nullable) return null;
      if (count === -1) throw noNull();
      reader.elements(count, bytesMin);
      const values: unknown[] = [];
      for (let i = 0; i < count; i++) values.push(element.decode(reader));
      return values;
    },
    encode(writer, values) {
      assert(values !== null || nullable, 'no null where this version has an array');
      length.encode(writer, values === null ? -1 : values.length);
      if (values === null) return;
      for (const value of values) element.encode(writer, value);
    },
  };
}

/** A byte before the struct says whether it is there: 1, or -1 for null. */
function nullableStructCodec(struct: Codec): Codec {
  return {
    bytesMin: 1,
    decode: (reader) => (reader.int8() < 0 ? null : struct.decode(reader)),
    encode(writer, value) {
      writer.int8(value === null ? -1 : 1);
      if (value !== null) struct.encode(writer, value);
    },
  };
}

type Struct = Readonly<Record<string, unknown>>;
type FieldCodec = { readonly name: string; readonly codec: Codec; readonly default: unknown };

function structCodec(fields: Fields, at: Version): Codec {
  const all = fieldsOf(fields).map(({ name, field }) => {
    const isUntagged = isSpoken(field, at) && field.tag === undefined;
    return { name, default: field.default, codec: isUntagged ? codecOfType(field.type, at) : undefined };
  });
  const untagged = all.filter((field): field is FieldCodec => field.codec !== undefined);
  const tags = at.flexible ? tagSection(fields, at) : undefined;
  return {
    bytesMin: untagged.reduce((sum, { codec }) => sum + codec.bytesMin, tags === undefined ? 0 : 1),
    decode(reader) {
      const value: Record<string, unknown> = {};
      for (const { name, codec, default: otherwise } of all)
        value[name] = codec === undefined ? otherwise : codec.decode(reader);
      if (tags !== undefined) tags.decode(reader, value);
      return value;
    },
    encode(writer, given) {
      const value = given as Struct;
      for (const { name, codec, default: otherwise } of untagged) {
        const own = value[name];
        codec.encode(writer, own === undefined ? otherwise : own);
      }
      if (tags !== undefined) tags.encode(writer, value);
    },
  };
}

const isSpoken = (field: Field, { version }: Version): boolean =>
  version >= field.since && version <= field.until;

const fieldCodec = (name: string, field: Field, at: Version): FieldCodec => ({
  name,
  codec: codecOfType(field.type, at),
  default: field.default,
});

type TagSection = {
  decode(reader: ByteReader, into: Record<string, unknown>): void;
  encode(writer: FrameWriter, value: Struct): void;
};

/** Reads over tagged fields that nobody here knows: newer clients may send them (KIP-482). */
export function skipTags(reader: ByteReader): void {
  for (let left = reader.uvarint(); left > 0; left--) {
    reader.uvarint();
    reader.raw(reader.uvarint());
  }
}

const noTags: TagSection = { decode: skipTags, encode: (writer) => writer.int8(0) };

function tagSection(fields: Fields, at: Version): TagSection {
  const tagged = fieldsOf(fields).filter(({ field }) => field.tag !== undefined && isSpoken(field, at));
  if (tagged.length === 0) return noTags;
  const byTag = new Map(
    tagged.map(({ name, field }) => [present(field.tag, 'tagged'), fieldCodec(name, field, at)]),
  );
  const inOrder = [...byTag].sort(([a], [b]) => a - b);
  return {
    decode(reader, into) {
      for (let left = reader.uvarint(); left > 0; left--) {
        const field = byTag.get(reader.uvarint());
        const length = reader.uvarint();
        const end = reader.position + length;
        if (field === undefined) reader.raw(length);
        else into[field.name] = field.codec.decode(reader);
        if (reader.position !== end)
          throw new MalformedBytes('a tagged field of another length than it says');
      }
    },
    encode(writer, value) {
      const written = inOrder.filter(([, field]) => !isLeftOut(value[field.name], field.default));
      writer.uvarint(written.length);
      for (const [tag, field] of written) {
        writer.uvarint(tag);
        writer.sized(() => field.codec.encode(writer, value[field.name]));
      }
    },
  };
}

/** Whether a value is not there, or is the default down to its members, and so is not written. */
function isLeftOut(value: unknown, otherwise: unknown): boolean {
  if (value === undefined || value === otherwise) return true;
  if (Array.isArray(value)) return value.length === 0 && Array.isArray(otherwise);
  if (value === null || otherwise === null || typeof value !== 'object') return false;
  const members = Object.entries(otherwise as Struct);
  return members.every(([name, member]) => isLeftOut((value as Struct)[name], member));
}
