/**
 * What a deployed function is told, and under which names. `infra` writes these variables and imports nothing
 * else of the code: a renamed variable is a type error on both sides, not a failed deployment.
 */
export const settingNames = {
  /** The table that holds every item. */
  tableName: 'MILLRACE_TABLE',
  /** The bucket that holds staged batches and segments. */
  bucketName: 'MILLRACE_BUCKET',
  /** Days for which what the index forgot can still be restored (1 to 35). */
  recoveryDays: 'MILLRACE_RECOVERY_DAYS',
  /** Names of the functions that `pump` starts. */
  rollFunction: 'MILLRACE_ROLL_FUNCTION',
  retainFunction: 'MILLRACE_RETAIN_FUNCTION',
  sweepFunction: 'MILLRACE_SWEEP_FUNCTION',
  /** Names of the functions that a gateway in invoke mode calls. */
  produceFunction: 'MILLRACE_PRODUCE_FUNCTION',
  fetchFunction: 'MILLRACE_FETCH_FUNCTION',
  controlFunction: 'MILLRACE_CONTROL_FUNCTION',
  /**
   * Origins, separated by commas, that browsers may call from; only where the door does not add the headers.
   */
  corsOrigins: 'MILLRACE_CORS_ORIGINS',
} as const;

/**
 * The functions of the stack: the name is the bundle's folder under `dist/functions` and the file in
 * `functions/`.
 */
export const functionNames = [
  'produce',
  'fetch',
  'rest',
  'control',
  'pump',
  'roll',
  'retain',
  'sweep',
] as const;
export type FunctionName = (typeof functionNames)[number];

/** Under which names the stack prints the functions that a gateway in invoke mode calls. */
export const functionOutputs = {
  produce: 'ProduceFunction',
  fetch: 'FetchFunction',
  control: 'ControlFunction',
} as const;

/**
 * All bundles: `deployment` runs only while a stack is deployed or destroyed, and only where it is needed.
 */
export const bundleNames = [...functionNames, 'deployment'] as const;
export type BundleName = (typeof bundleNames)[number];

/** What `deployment` does for CloudFormation. */
export type DeploymentTask = 'FindStream' | 'EmptyBucket';

/** What Lambda and API Gateway allow, less what their envelopes take; the doors and the jobs keep to it. */
export const awsLimits = {
  /** A function's answer is at most 6 MB as JSON; base64 adds a third (AWS Lambda quotas). */
  answerBytesMax: 4_400_000,
  /** `max.message.bytes` of a topic behind a function: its batch must fit into one request. */
  batchBytesMax: 4_000_000,
  /** A held function costs more than an empty answer, so a long poll is cut here. */
  waitMsMax: 500,
} as const;

/** Where items and objects lie, as patterns: what the rights of functions are written with. */
export const keyPatterns = {
  catalog: 'catalog',
  heads: 'p#*',
  index: 'i#*',
  payloads: 'b#*',
  groups: 'g#*',
  instances: 'w#*',
} as const;
export const objectPrefixes = { staged: 'stage/', segments: 'log/' } as const;

/** The `t` of the items whose creation `pump` wants to hear of: the stream mapping filters on it. */
export const streamedTypes = { page: 'p' } as const;

/** The metric that `pump` reports when a page waits too long to be rolled, and where. */
export const oldestUnrolledPage = {
  namespace: 'Millrace',
  name: 'OldestUnrolledPageAge',
  dimension: 'Table',
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

export type AwsSettings = {
  readonly tableName: string;
  readonly bucketName: string;
  readonly recoveryDays: number;
  readonly corsOrigins: readonly string[];
};

export type PumpSettings = {
  readonly rollFunction: string;
  readonly retainFunction: string;
  readonly sweepFunction: string;
};

export class MissingSetting extends Error {
  override name = 'MissingSetting';
}

const required = (environment: Environment, name: string): string => {
  const value = environment[name];
  if (value === undefined || value === '') {
    throw new MissingSetting(`the environment variable ${name} is not set; the stack of infra/ sets it`);
  }
  return value;
};

/** The settings of every function. Throws `MissingSetting`, which names the variable. */
export function readAwsSettings(environment: Environment): AwsSettings {
  const days = environment[settingNames.recoveryDays] ?? '7';
  const recoveryDays = Number(days);
  if (!Number.isInteger(recoveryDays) || recoveryDays < 1 || recoveryDays > 35) {
    throw new MissingSetting(
      `${settingNames.recoveryDays} must be a whole number from 1 to 35, not "${days}"`,
    );
  }
  return {
    tableName: required(environment, settingNames.tableName),
    bucketName: required(environment, settingNames.bucketName),
    recoveryDays,
    corsOrigins: (environment[settingNames.corsOrigins] ?? '').split(',').filter((origin) => origin !== ''),
  };
}

/** Whom `pump` may start. Throws `MissingSetting`, which names the variable. */
export const readPumpSettings = (environment: Environment): PumpSettings => ({
  rollFunction: required(environment, settingNames.rollFunction),
  retainFunction: required(environment, settingNames.retainFunction),
  sweepFunction: required(environment, settingNames.sweepFunction),
});
