import { utf8Encode } from '../base/bytes.ts';
import type { Random } from '../base/random.ts';
import { KafkaError } from '../kafka/error-codes.ts';
import { groupLimits } from './group-settings.ts';

/** Which names of groups and members can be stored, and how new ones are made. */

// A NUL or a lone surrogate cannot be part of a key.
const unfitForKeys = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

const isStorable = (name: string, bytesMax: number): boolean =>
  name.length <= bytesMax && !unfitForKeys.test(name) && utf8Encode(name).length <= bytesMax;

/** Throws INVALID_GROUP_ID. The empty id is one that old clients commit under. */
export function checkGroupId(groupId: string, { mayBeEmpty = false } = {}): void {
  if ((groupId !== '' || mayBeEmpty) && isStorable(groupId, groupLimits.groupIdBytesMax)) return;
  const wanted = `1 to ${groupLimits.groupIdBytesMax} bytes of text`;
  throw new KafkaError('INVALID_GROUP_ID', `A group id is ${wanted}.`);
}

/** Whether a member can have this id at all. */
export const isMemberId = (memberId: string): boolean =>
  memberId !== '' && isStorable(memberId, groupLimits.memberIdBytesMax);

/** Throws INVALID_REQUEST. */
export function checkGroupInstanceId(groupInstanceId: string | null): void {
  if (groupInstanceId === null) return;
  const { length } = groupInstanceId;
  const isFit = length > 0 && length <= groupLimits.groupInstanceIdLengthMax;
  if (isFit && !unfitForKeys.test(groupInstanceId)) return;
  const wanted = `1 to ${groupLimits.groupInstanceIdLengthMax} characters`;
  throw new KafkaError('INVALID_REQUEST', `A group instance id has ${wanted}.`);
}

/** 22 characters that nobody else will make. */
export const freshName = (random: Random): string => Buffer.from(random.bytes(16)).toString('base64url');

/** `<client id or instance id>-<22 characters>`: people find their program in it. */
export function newMemberId(random: Random, clientId: string, groupInstanceId: string | null): string {
  const said = (groupInstanceId ?? clientId).slice(0, groupLimits.clientIdInMemberIdMax);
  return `${said.replace(new RegExp(unfitForKeys, 'g'), '_')}-${freshName(random)}`;
}
