import { ByteReader, ByteWriter, MalformedBytes } from '../../base/bytes.ts';
import { type Ulid, ulidFromBytes, ulidToBytes } from '../../base/ulid.ts';
import { packList, packText, unpackList, unpackText } from './packed-text.ts';

/** A member of a classic group, as the cell knows it: about 0.1 KB. */
export type ClassicMember = {
  readonly memberId: string;
  /** Of a static member (KIP-345). */
  readonly groupInstanceId: string | null;
  /** Which of the member's subscriptions is in effect: 22 characters, see `member-subscription.ts`. */
  readonly subscription: string;
  /** The names of its protocols, the preferred one first. */
  readonly protocolNames: readonly string[];
  /** Of the metadata of all its protocols. */
  readonly metadataBytes: number;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** It takes part in the round that is open. */
  readonly joined: boolean;
  /** The newest JoinGroup that was folded for this member. */
  readonly requestId: Ulid;
};

const format = 1;
const isStatic = 1;
const isJoined = 2;
const hashBytes = 16;

export function packClassicMembers(members: readonly ClassicMember[]): Uint8Array {
  const writer = new ByteWriter(64 + members.length * 128);
  const lists: (readonly string[])[] = [];
  const numbers = new Map<string, number>();
  for (const { protocolNames } of members) {
    const name = JSON.stringify(protocolNames);
    if (!numbers.has(name)) numbers.set(name, lists.push(protocolNames) - 1);
  }
  writer.uint8(format);
  packList(writer, lists, (names) => packList(writer, names, (name) => packText(writer, name)));
  packList(writer, members, (member) => {
    packText(writer, member.memberId);
    writer.uint8((member.groupInstanceId === null ? 0 : isStatic) | (member.joined ? isJoined : 0));
    if (member.groupInstanceId !== null) packText(writer, member.groupInstanceId);
    writer.raw(Buffer.from(member.subscription, 'base64url'));
    writer.uvarint(numbers.get(JSON.stringify(member.protocolNames)) ?? 0).uvarint(member.metadataBytes);
    writer.uvarint(member.sessionTimeoutMs).uvarint(member.rebalanceTimeoutMs);
    writer.raw(ulidToBytes(member.requestId));
  });
  return writer.finish();
}

export function unpackClassicMembers(bytes: Uint8Array): ClassicMember[] {
  const reader = new ByteReader(bytes);
  const found = reader.uint8();
  if (found !== format) throw new MalformedBytes(`members of format ${found}: written by a newer version?`);
  const lists = unpackList(reader, () => unpackList(reader, () => unpackText(reader)));
  return unpackList(reader, () => {
    const memberId = unpackText(reader);
    const flags = reader.uint8();
    const groupInstanceId = flags & isStatic ? unpackText(reader) : null;
    const subscription = Buffer.from(reader.raw(hashBytes)).toString('base64url');
    const protocolNames = lists[reader.uvarint()] ?? [];
    const metadataBytes = reader.uvarint();
    const sessionTimeoutMs = reader.uvarint();
    const rebalanceTimeoutMs = reader.uvarint();
    const requestId = ulidFromBytes(reader.raw(16));
    return {
      memberId,
      groupInstanceId,
      subscription,
      protocolNames,
      metadataBytes,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      joined: (flags & isJoined) !== 0,
      requestId,
    };
  });
}
