import { zeroUuid } from './uuid.ts';

// The little language in which every message of the protocol is written down, once, for all its versions.
// `codec.ts` turns a message and a version into functions; types are inferred from the same words.

/** Forms whose bytes are the same in every version. */
export type ScalarKind =
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'float64'
  | 'bool'
  | 'uuid';

/** Forms with a length before them: shorter lengths in flexible versions (KIP-482). */
export type RunKind = 'string' | 'bytes' | 'records';

export type Shape =
  | { readonly kind: ScalarKind }
  | { readonly kind: RunKind; readonly nullableSince: number }
  | { readonly kind: 'array'; readonly element: Type; readonly nullableSince: number }
  | { readonly kind: 'struct'; readonly fields: Fields; readonly nullableSince: number };

/** A form of the wire: `Out` is what decoding gives, `In` what encoding takes. */
export interface Type<Out = unknown, In = Out> {
  readonly shape: Shape;
  /** What stands where the wire holds nothing and no default is named: 0, '', [], as in Kafka. */
  readonly zero: Out;
  /** Never there; it carries `In` to where types are inferred. */
  readonly takes?: In;
}

/** A type with the versions that have it. Whoever encodes may leave it out, and gets the default. */
export interface Field<T extends Type = Type> {
  readonly type: T;
  readonly since: number;
  readonly until: number;
  /** Set for tagged fields (KIP-482), which are written only where they differ from the default. */
  readonly tag?: number;
  readonly default: OutOf<T>;
}

/** A struct, in the order of the wire. A bare type is a field of every version that must be given. */
export type Fields = { readonly [name: string]: Type | Field };

type OutOf<T> = T extends Type<infer Out, unknown> ? Out : never;
type InOf<T> = T extends Type<unknown, infer In> ? In : never;
type Flat<T> = { readonly [K in keyof T]: T[K] };
type OptionalNames<F> = { [K in keyof F]: F[K] extends Field ? K : never }[keyof F];

/** What decoding a struct gives: every field, absent ones with their default. */
export type Decoded<F> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? OutOf<T> : OutOf<F[K]>;
};
/** What encoding a struct takes: fields with a default may be left out. */
export type Given<F> = Flat<
  { readonly [K in Exclude<keyof F, OptionalNames<F>>]: InOf<F[K]> } & {
    readonly [K in OptionalNames<F>]?: (F[K] extends Field<infer T> ? InOf<T> : never) | undefined;
  }
>;

const never = Number.POSITIVE_INFINITY;
const noBytes = new Uint8Array(0);

const scalar = <T>(kind: ScalarKind, zero: T): Type<T> => ({ shape: { kind }, zero });

export const int8 = scalar('int8', 0);
export const int16 = scalar('int16', 0);
export const uint16 = scalar('uint16', 0);
export const int32 = scalar('int32', 0);
export const uint32 = scalar('uint32', 0);
export const int64 = scalar('int64', 0n);
export const float64 = scalar('float64', 0);
export const bool = scalar('bool', false);
/** The 36-character form, as topic ids have it everywhere in the code. */
export const uuid = scalar('uuid', zeroUuid);

/** UTF-8; bytes that are not become U+FFFD, as in Kafka. */
export const string: Type<string> = { shape: { kind: 'string', nullableSince: never }, zero: '' };
/** Decoded as a view of the frame, not a copy. */
export const bytes: Type<Uint8Array> = { shape: { kind: 'bytes', nullableSince: never }, zero: noBytes };
/** Record batches, which the protocol does not look into; views in both directions, never copied. */
export const records: Type<Uint8Array | null> = { shape: { kind: 'records', nullableSince: 0 }, zero: null };

export function struct<const F extends Fields>(fields: F): Type<Decoded<F>, Given<F>> {
  return { shape: { kind: 'struct', fields, nullableSince: never }, zero: zeroOf(fields) };
}

/** Of a type, or of structs with these fields. */
export function array<Out, In>(element: Type<Out, In>): Type<readonly Out[], readonly In[]>;
export function array<const F extends Fields>(fields: F): Type<readonly Decoded<F>[], readonly Given<F>[]>;
export function array(of: Type | Fields): Type<readonly unknown[]> {
  const element = isType(of) ? of : struct(of);
  return { shape: { kind: 'array', element, nullableSince: never }, zero: Object.freeze([]) };
}

/** May be null, from version `since` on. */
export function nullable<Out, In>(type: Type<Out, In>, since = 0): Type<Out | null, In | null> {
  return { ...type, shape: { ...type.shape, nullableSince: since } as Shape };
}

export const nullableString = nullable(string);

/** In every version, and what encodes it may leave it out. */
export const optional = <T extends Type>(type: T, otherwise?: OutOf<T>): Field<T> =>
  between(0, never, type, otherwise);

/** In versions from `first` on. */
export const since = <T extends Type>(first: number, type: T, otherwise?: OutOf<T>): Field<T> =>
  between(first, never, type, otherwise);

/** In versions up to `last`. */
export const until = <T extends Type>(last: number, type: T, otherwise?: OutOf<T>): Field<T> =>
  between(0, last, type, otherwise);

/** In versions `first` to `last`, both included. Elsewhere decoding gives `otherwise`. */
export function between<T extends Type>(
  first: number,
  last: number,
  type: T,
  otherwise?: OutOf<T>,
): Field<T> {
  const fallback = otherwise === undefined ? (type.zero as OutOf<T>) : otherwise;
  return { type, since: first, until: last, default: fallback };
}

/** A tagged field, in versions from `first` on. */
export const tagged = <T extends Type>(
  tag: number,
  first: number,
  type: T,
  otherwise?: OutOf<T>,
): Field<T> => ({ ...since(first, type, otherwise), tag });

const isType = (of: Type | Field | Fields): of is Type => 'shape' in of && 'zero' in of;

/** Every entry of a struct as a field: a bare type is one of all versions. */
export function fieldsOf(fields: Fields): { readonly name: string; readonly field: Field }[] {
  return Object.entries(fields).map(([name, of]) => ({ name, field: isType(of) ? optional(of) : of }));
}

function zeroOf<F extends Fields>(fields: F): Decoded<F> {
  const zeros = fieldsOf(fields).map(({ name, field }) => [name, field.default]);
  return Object.freeze(Object.fromEntries(zeros)) as Decoded<F>;
}

/** Both ends included. */
export type VersionRange = readonly [min: number, max: number];

/** A struct that stands alone, with the versions in which it is spoken. */
export interface Message<F extends Fields = Fields> {
  readonly name: string;
  readonly versions: VersionRange;
  /** The first version with compact lengths and tagged fields (KIP-482); Infinity if there is none. */
  readonly flexibleSince: number;
  readonly fields: F;
}

/** What decoding a message gives: `Of<typeof heartbeat.request>`. */
export type Of<M> = M extends Message<infer F> ? Decoded<F> : never;
/** What encoding a message takes: `GivenOf<typeof heartbeat.response>`. */
export type GivenOf<M> = M extends Message<infer F> ? Given<F> : never;

/** One API of the protocol. */
export interface Api<
  Name extends string = string,
  Request extends Fields = Fields,
  Response extends Fields = Fields,
> {
  readonly key: number;
  /** As Kafka spells it. */
  readonly name: Name;
  /** Versions that are served. */
  readonly versions: VersionRange;
  readonly flexibleSince: number;
  readonly request: Message<Request>;
  readonly response: Message<Response>;
}

export function api<const Name extends string, const Req extends Fields, const Res extends Fields>(
  spoken: { key: number; name: Name; versions: VersionRange; flexibleSince?: number },
  request: Req,
  response: Res,
): Api<Name, Req, Res> {
  const { key, name, versions, flexibleSince = never } = spoken;
  return {
    key,
    name,
    versions,
    flexibleSince,
    request: { name: `${name} request`, versions, flexibleSince, fields: request },
    response: { name: `${name} response`, versions, flexibleSince, fields: response },
  };
}
