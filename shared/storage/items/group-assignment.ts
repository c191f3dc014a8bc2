import { ByteReader, ByteWriter } from '../../base/bytes.ts';
import type { Item, Key } from '../item.ts';
import { groupItemsKey, rangeOfPrefix } from './keys.ts';
import { packList, packText, unpackList, unpackText } from './packed-text.ts';
import { readerOf, stamp } from './stored-format.ts';

/** Member id (of a static member: its instance id) -> what the leader assigned to it. */
export type AssignmentChunk = ReadonlyMap<string, Uint8Array>;

/** One part of the assignments that one leader sent for one generation. */
export type AssignmentPart = {
  readonly generation: number;
  readonly nonce: string;
  readonly chunk: number;
};

export const groupAssignmentType = 'n';
const format = 1n;
const prefix = 'asg#';

export const groupAssignmentKey = (groupId: string, part: AssignmentPart): Key => ({
  pk: groupItemsKey(groupId),
  sk: `${prefix}${String(part.generation).padStart(10, '0')}#${part.nonce}#${part.chunk}`,
});

export const groupAssignmentRange = (groupId: string) => rangeOfPrefix(groupItemsKey(groupId), prefix);

export function partOfAssignment({ sk }: Key): AssignmentPart {
  const [generation = '', nonce = '', chunk = ''] = sk.slice(prefix.length).split('#');
  return { generation: Number(generation), nonce, chunk: Number(chunk) };
}

export function writeGroupAssignment(chunk: AssignmentChunk): Item {
  const writer = new ByteWriter(1024);
  packList(writer, [...chunk], ([name, assignment]) => {
    packText(writer, name);
    writer.uvarint(assignment.length).raw(assignment);
  });
  return { ...stamp(groupAssignmentType, format), chunk: writer.finish() };
}

export function readGroupAssignment(item: Item): AssignmentChunk {
  const reader = new ByteReader(readerOf(item, groupAssignmentType, format).bytes('chunk'));
  const entries = unpackList(reader, (): [string, Uint8Array] => [
    unpackText(reader),
    reader.raw(reader.uvarint()),
  ]);
  return new Map(entries);
}
