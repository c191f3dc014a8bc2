/**
 * What an emulator cannot show, by name. Tests ask `canShow` before they assert such a thing, and every run prints the
 * list: nothing is left out silently.
 */
export type EmulatorName = 'MiniStack' | 'LocalStack';

const reasons = {
  'an HTTP API': 'API Gateway v2 is not part of its free edition',
  'a function URL': 'function URLs are reached by host names that a client on loopback cannot resolve',
  'IAM on routes': 'requests are let through whoever signed them',
  'rights of functions': 'functions act with all rights, whatever their role says',
  'rights by key': 'conditions on the leading keys of DynamoDB items are not judged, only the actions',
  'encrypted transport': 'it speaks HTTP, so policies that ask for TLS are taken away in the tests',
  'retries of the stream mapping':
    'bisecting, retries and the failure destination of a mapping are not carried out',
  'transaction conflicts': 'store transactions never meet another write of their items',
  throttling: 'neither keys nor stages are throttled, and no function runs out of concurrency',
  expiry: 'items are expired at another time than on AWS, which takes up to days',
  'two readers of a stream': 'a third reader is not refused',
  'point-in-time recovery': 'tables are not restored from what was written',
  'quotas of size and time': '6 MB of a function, 29 and 30 s of the APIs are not enforced as on AWS',
  'cold starts': 'functions are local processes of the Node that runs the tests, on its architecture',
  'the hourly rule': 'nobody waits an hour: pump is invoked with the event of the rule',
  'metrics and alarms': 'metrics in log lines are not collected, alarms are made and never ring',
} as const;

export type Capability = keyof typeof reasons;

const everywhere: readonly Capability[] = [
  'rights by key',
  'encrypted transport',
  'retries of the stream mapping',
  'transaction conflicts',
  'throttling',
  'expiry',
  'two readers of a stream',
  'point-in-time recovery',
  'quotas of size and time',
  'cold starts',
  'the hourly rule',
  'metrics and alarms',
];

const missing: Readonly<Record<EmulatorName, readonly Capability[]>> = {
  MiniStack: everywhere,
  LocalStack: [
    'an HTTP API',
    'a function URL',
    'IAM on routes',
    'rights of functions',
    ...everywhere.filter((name) => name !== 'retries of the stream mapping'),
  ],
};

export const canShow = (emulator: EmulatorName, capability: Capability): boolean =>
  !missing[emulator].includes(capability);

/** The list that ends a run. */
export const whatCannotBeShown = (emulator: EmulatorName): string =>
  [
    `${emulator} cannot show, so these tests do not:`,
    ...missing[emulator].map((name) => `  ${name}: ${reasons[name]}`),
  ].join('\n');
