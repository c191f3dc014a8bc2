import type { InstanceSettings } from '../../storage/items/consumer-instance.ts';
import { type RestError, unprocessable } from '../errors.ts';

/** What a caller says of a new instance, as its JSON has it. */
export type WantedSettings = {
  readonly format?: string | null | undefined;
  readonly 'auto.offset.reset'?: string | null | undefined;
  readonly 'auto.commit.enable'?: boolean | string | null | undefined;
  readonly 'fetch.min.bytes'?: number | string | null | undefined;
  readonly 'consumer.request.timeout.ms'?: number | string | null | undefined;
};

/** As of R: what a fetch waits that does not say. */
const requestTimeoutMsDefault = 1_000;
/** As of R. */
const fetchMinBytesMax = 10_000_000;
const int32Max = 2_147_483_647;

const invalid = (message: string): RestError =>
  unprocessable(`Invalid consumer configuration: ${message}`, 42204);
const unconstrained = (message: string): RestError =>
  unprocessable(`Invalid consumer configuration. It does not abide by the constraints: ${message}`, 40001);

/** Throws 422: for the format, 42204 for a value, 40001 for a number out of its range. */
export function readInstanceSettings(wanted: WantedSettings): InstanceSettings {
  return {
    format: formatOf(wanted.format ?? 'binary'),
    autoOffsetReset: resetOf(wanted['auto.offset.reset'] ?? 'latest'),
    autoCommit: flagOf(wanted['auto.commit.enable'] ?? true),
    fetchMinBytes: numberOf('fetch.min.bytes', wanted['fetch.min.bytes'] ?? -1, -1, fetchMinBytesMax),
    requestTimeoutMs: numberOf(
      'consumer.request.timeout.ms',
      wanted['consumer.request.timeout.ms'] ?? requestTimeoutMsDefault,
      0,
      int32Max,
    ),
  };
}

function formatOf(text: string): InstanceSettings['format'] {
  const name = text.toLowerCase();
  if (name === 'binary' || name === 'json' || name === 'text') return name;
  throw unprocessable('Invalid format type.');
}

function resetOf(text: string): InstanceSettings['autoOffsetReset'] {
  if (text === 'earliest' || text === 'latest' || text === 'none') return text;
  throw invalid(`auto.offset.reset is earliest, latest or none, not ${text.slice(0, 100)}`);
}

function flagOf(value: boolean | string): boolean {
  const text = String(value).trim().toLowerCase();
  if (text === 'true' || text === 'false') return text === 'true';
  throw invalid(`auto.commit.enable is true or false, not ${text.slice(0, 100)}`);
}

function numberOf(name: string, value: number | string, least: number, most: number): number {
  const number = /^-?[0-9]{1,10}$/.test(String(value)) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw unconstrained(`${name} is a whole number from ${least} to ${most}.`);
}
