import type { Attribute, Item } from '../item.ts';

/**
 * What every item carries from the first day: its format number, and a one-letter type that stream filters
 * select by. A reader knows the formats that it names; a later one is refused with a message that says what
 * to do.
 */
export const stamp = (type: string, format: bigint): { t: string; f: bigint } => ({ t: type, f: format });

export class UnknownFormat extends Error {
  override name = 'UnknownFormat';
}

/** The typed reading of an item's attributes; asserts type letter and format. */
export function readerOf(item: Item, type: string, format: bigint) {
  if (item.t !== type || item.f !== format) {
    const message = `stored item of type ${String(item.t)}, format ${String(item.f)} where ${type}, format ${format} `;
    throw new UnknownFormat(
      `${message}was expected: was it written by a newer version? Upgrade this process.`,
    );
  }
  const take = <T extends Attribute>(name: string, isRight: (value: Attribute) => boolean): T => {
    const value = item[name];
    if (value === undefined || !isRight(value))
      throw new UnknownFormat(`item ${type}: attribute ${name} is not as expected`);
    return value as T;
  };
  return {
    number: (name: string) => take<bigint>(name, (value) => typeof value === 'bigint'),
    int: (name: string) => Number(take<bigint>(name, (value) => typeof value === 'bigint')),
    text: (name: string) => take<string>(name, (value) => typeof value === 'string'),
    flag: (name: string) => take<boolean>(name, (value) => typeof value === 'boolean'),
    bytes: (name: string) => take<Uint8Array>(name, (value) => value instanceof Uint8Array),
    list: <T extends Attribute>(name: string) => take<readonly T[]>(name, Array.isArray),
    map: <T extends Attribute>(name: string) =>
      take<{ readonly [member: string]: T }>(
        name,
        (value) => typeof value === 'object' && !Array.isArray(value),
      ),
  };
}
