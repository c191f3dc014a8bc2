import { KafkaError } from './error-codes.ts';

/** Kafka's types of config values, by the names that DescribeConfigs gives them. */
export type ConfigType = 'BOOLEAN' | 'STRING' | 'INT' | 'LONG' | 'DOUBLE' | 'LIST';

/** INT and LONG are bigint, DOUBLE is number. */
export type ConfigValue = boolean | string | bigint | number | readonly string[];

/** Which values of the right type are taken. */
export type Allowed = { readonly accepts: (value: ConfigValue) => boolean; readonly says: string };

export const atLeast = (least: bigint): Allowed => ({
  accepts: (value) => (value as bigint) >= least,
  says: `at least ${least}`,
});

export const between = (least: bigint | number, most: bigint | number): Allowed => ({
  accepts: (value) => (value as bigint | number) >= least && (value as bigint | number) <= most,
  says: `from ${least} to ${most}`,
});

export const oneOf = (...names: readonly string[]): Allowed => ({
  accepts: (value) => names.includes(value as string),
  says: `one of ${names.join(', ')}`,
});

export const listOf = (...names: readonly string[]): Allowed => ({
  accepts: (value) => (value as readonly string[]).every((member) => names.includes(member)),
  says: `a list of ${names.join(', ')}`,
});

export const either = (one: bigint, other: Allowed): Allowed => ({
  accepts: (value) => value === one || other.accepts(value),
  says: `${one}, or ${other.says}`,
});

/** Kafka's notation of replicas: `*`, or partition:broker, partition:broker, … */
export const replicaList: Allowed = {
  accepts: (value) => {
    const members = value as readonly string[];
    return members.join('') === '*' || members.every((member) => /^(\d+:\d+)?$/.test(member));
  },
  says: "'*' or a list of partition:broker",
};

const wholeNumber = /^[+-]?\d{1,40}$/;
const decimalNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?[fd]?$/i;

function parseWhole(text: string, bits: number): bigint | undefined {
  if (!wholeNumber.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(bits, value) === value ? value : undefined;
}

function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}

const parsers: Readonly<Record<ConfigType, (text: string) => ConfigValue | undefined>> = {
  BOOLEAN: parseBoolean,
  STRING: (text) => text,
  INT: (text) => parseWhole(text, 32),
  LONG: (text) => parseWhole(text, 64),
  DOUBLE: (text) => (decimalNumber.test(text) ? Number(text.replace(/[fd]$/i, '')) : undefined),
  LIST: (text) => (text === '' ? [] : text.split(/\s*,\s*/)),
};

const expected: Readonly<Record<ConfigType, string>> = {
  BOOLEAN: 'true or false',
  STRING: 'a text',
  INT: 'a whole number of 32 bits',
  LONG: 'a whole number of 64 bits',
  DOUBLE: 'a number',
  LIST: 'a list with commas between',
};

export type ConfigSyntax = {
  readonly name: string;
  readonly type: ConfigType;
  readonly allowed?: Allowed;
};

/**
 * The value that a text stands for, white space around it ignored, as Kafka reads it. Throws INVALID_CONFIG.
 */
export function parseConfigValue({ name, type, allowed }: ConfigSyntax, text: string): ConfigValue {
  const value = parsers[type](text.trim());
  if (value === undefined) throw invalidValue(name, text, expected[type]);
  if (allowed !== undefined && !allowed.accepts(value)) throw invalidValue(name, text, allowed.says);
  return value;
}

const shownLengthMax = 100;

export function invalidValue(name: string, text: string, wanted: string): KafkaError {
  const shown = text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text;
  return new KafkaError('INVALID_CONFIG', `Invalid value '${shown}' for ${name}: it takes ${wanted}.`);
}

/** One text for each value, however it was written. */
export const configText = (value: ConfigValue): string =>
  typeof value === 'object' ? value.join(',') : String(value);
