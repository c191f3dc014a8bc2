import { describe, expect, test } from 'vitest';
import { assignment, subscription } from '../../../shared/protocol/consumer-protocol.ts';
import { type Fields, fieldsOf, type Message, type Type } from '../../../shared/protocol/schema.ts';
import { zeroUuid } from '../../../shared/protocol/uuid.ts';
import { everyVersion } from '../any-message.ts';
import { definitionOf, holds, type KafkaField, type KafkaMessage, rangeOf } from './cache.ts';

// A message in one version, as our schema and as Kafka's definition have it, is written out as one line for
// each field: path, type, null, default, tag. Both must give the same lines in the same order.

type Described = {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly otherwise: string;
  readonly tag: number | undefined;
  readonly members: readonly Described[];
};

function ours(fields: Fields, version: number): Described[] {
  return fieldsOf(fields)
    .filter(({ field }) => field.since <= version && version <= field.until)
    .map(({ name, field }) => ({
      name,
      type: ourType(field.type),
      nullable: 'nullableSince' in field.type.shape && version >= field.type.shape.nullableSince,
      otherwise: ourDefault(field.default),
      tag: field.tag,
      members: ours(membersOf(field.type), version),
    }));
}

const ourType = ({ shape }: Type): string =>
  shape.kind === 'array' ? `[]${ourType(shape.element)}` : shape.kind;

function membersOf({ shape }: Type): Fields {
  if (shape.kind === 'array') return membersOf(shape.element);
  return shape.kind === 'struct' ? shape.fields : {};
}

function ourDefault(value: unknown): string {
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length === 0 ? 'empty' : 'not empty';
  return typeof value === 'object' && value !== null ? 'a struct' : String(value);
}

function kafkas({ fields, commonStructs = [] }: KafkaMessage, version: number): Described[] {
  const structs = new Map(commonStructs.map((struct) => [struct.name, struct.fields]));
  const describeAll = (all: readonly KafkaField[]): Described[] =>
    all
      .filter(({ versions }) => holds(versions, version))
      .map((field) => {
        const element = field.type.replace('[]', '');
        const members = field.fields ?? structs.get(element);
        return {
          name: field.name.charAt(0).toLowerCase() + field.name.slice(1),
          type: members === undefined ? field.type : field.type.replace(element, 'struct'),
          nullable: holds(field.nullableVersions, version),
          otherwise: kafkaDefault(field, members !== undefined),
          tag: holds(field.taggedVersions, version) ? field.tag : undefined,
          members: describeAll(members ?? []),
        };
      });
  return describeAll(fields);
}

/** A definition names a default only where it is not the zero of its type. */
function kafkaDefault({ type, default: named }: KafkaField, isStruct: boolean): string {
  if (named !== undefined && type === 'bool') return String(named).toLowerCase();
  if (named !== undefined)
    return type === 'string' || named === 'null' ? String(named) : String(BigInt(named));
  if (type.startsWith('[]') || type === 'bytes') return 'empty';
  if (isStruct) return 'a struct';
  const zeros: Readonly<Record<string, string>> = {
    string: '',
    bool: 'false',
    uuid: zeroUuid,
    records: 'null',
  };
  return zeros[type] ?? '0';
}

/** Tagged fields stand behind the others on the wire, in the order of their tags. */
function lines(described: readonly Described[], path = ''): string[] {
  return [...described]
    .sort((a, b) => (a.tag ?? -1) - (b.tag ?? -1))
    .flatMap(({ name, type, nullable, otherwise, tag, members }) => [
      `${path}${name} ${type}${nullable ? ' or null' : ''}, else ${otherwise}${tag === undefined ? '' : `, tag ${tag}`}`,
      ...lines(members, `${path}${name}.`),
    ]);
}

function expectSame(message: Message, definition: KafkaMessage, version: number): void {
  expect(lines(ours(message.fields, version))).toEqual(lines(kafkas(definition, version)));
  const isFlexible = holds(definition.flexibleVersions, version);
  expect(version >= message.flexibleSince, 'flexible').toBe(isFlexible);
  expect(holds(definition.validVersions, version), 'valid').toBe(true);
}

describe('our messages are those of the Java client, field by field', () => {
  test.each(everyVersion)('$title', ({ api, version }) => {
    const request = definitionOf(`${api.name}Request`);
    const response = definitionOf(`${api.name}Response`);
    expect([request.apiKey, response.apiKey]).toEqual([api.key, api.key]);
    expectSame(api.request, request, version);
    expectSame(api.response, response, version);
  });

  test.each([0, 1, 2, 3])('consumer protocol v%i', (version) => {
    expectSame(subscription, definitionOf('ConsumerProtocolSubscription'), version);
    expectSame(assignment, definitionOf('ConsumerProtocolAssignment'), version);
  });

  test('we serve from the first version on that Kafka serves, bare SASL bytes excepted', () => {
    const later = new Map(everyVersion.map(({ api }) => [api.name, api.versions[0]]));
    for (const [name, first] of later)
      if (rangeOf(definitionOf(`${name}Request`).validVersions)[0] === first) later.delete(name);
    expect([...later]).toEqual([['SaslHandshake', 1]]);
  });
});
