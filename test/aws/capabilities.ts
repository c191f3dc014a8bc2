/**
 * What a stand-in for AWS does otherwise than AWS. Each run on it prints this by name: nothing is skipped
 * silently.
 */
export type Capabilities = {
  /** Behaviour of AWS that no test on it can meet. */
  cannotShow: readonly string[];
  /** Changes of the contract suite that it takes although DynamoDB refuses them; asserted to be so. */
  wronglyTakes: readonly string[];
};

const neverShown = [
  'transactions that conflict with single updates of their items, and with each other',
  'throttling by key: 1,000 write units a second on one item',
  'expiry that comes late: up to days after `ttl`',
  'reads that are behind: every read is consistent',
  'answers that are lost after the call took effect',
];

export const capabilities = {
  dynamoDbLocal: { cannotShow: neverShown, wronglyTakes: [] },
  miniStack: {
    cannotShow: [...neverShown, 'a price: it counts no capacity units as AWS does'],
    wronglyTakes: [
      'add to a text',
      'append to a number',
      'an absent attribute does not equal another absent one',
    ],
  },
} as const satisfies Record<string, Capabilities>;

/** Prints what the run could not show. */
export function printLimits(name: string, { cannotShow, wronglyTakes }: Capabilities): void {
  const lines = [
    ...cannotShow.map((what) => `  not shown on ${name}: ${what}`),
    ...wronglyTakes.map((what) => `  wrongly taken by ${name}: ${what}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** An emulator of the whole of AWS that the stack is deployed to. */
export type EmulatorName = 'MiniStack' | 'LocalStack';

/** What of a deployed stack an emulator may be unable to show, with the reason. */
const reasons = {
  'an HTTP API': 'API Gateway v2 is not part of its free edition',
  'a function URL': 'function URLs are reached by host names that a client on loopback cannot resolve',
  'escaped paths of a REST API': 'paths reach the function decoded',
  'IAM on routes': 'requests are let through whoever signed them',
  'rights of functions': 'functions act with all rights, whatever their role says',
  'rights by key': 'conditions on the leading keys of DynamoDB items are not judged, only the actions',
  'encrypted transport': 'it speaks HTTP, so the tests take away policies that ask for TLS',
  'retries of the stream mapping': 'bisecting, retries and the failure destination are not carried out',
  'stage throttling': 'no stage refuses a caller, and no function runs out of concurrency',
  'two readers of a stream': 'a third reader is not refused',
  'point-in-time recovery': 'tables are not restored',
  'quotas of size and time': '6 MB of a function, 29 and 30 s of the APIs are not enforced as on AWS',
  'cold starts': 'functions are local processes of the Node that runs the tests, on its architecture',
  'the hourly rule': 'nobody waits an hour: pump is invoked with the event of the rule',
  'metrics and alarms': 'metrics in log lines are not collected; alarms are made and never ring',
} as const;

export type StackCapability = keyof typeof reasons;

const noEmulator: readonly StackCapability[] = [
  'rights by key',
  'encrypted transport',
  'stage throttling',
  'two readers of a stream',
  'point-in-time recovery',
  'quotas of size and time',
  'cold starts',
  'the hourly rule',
  'metrics and alarms',
];

const missing: Readonly<Record<EmulatorName, readonly StackCapability[]>> = {
  MiniStack: [...noEmulator, 'retries of the stream mapping', 'escaped paths of a REST API'],
  LocalStack: [...noEmulator, 'an HTTP API', 'a function URL', 'IAM on routes', 'rights of functions'],
};

/** What its stores do otherwise than AWS's; LocalStack runs DynamoDB Local. */
export const storeCapabilities: Readonly<Record<EmulatorName, Capabilities>> = {
  MiniStack: capabilities.miniStack,
  LocalStack: capabilities.dynamoDbLocal,
};

/** Tests ask before they assert such a thing. */
export const canShow = (emulator: EmulatorName, capability: StackCapability): boolean =>
  !missing[emulator].includes(capability);

/** Ends a run: everything that it did not show, by name. */
export function printStackLimits(emulator: EmulatorName): void {
  const { cannotShow, wronglyTakes } = storeCapabilities[emulator];
  const ofStack = missing[emulator].map((name) => `${name}: ${reasons[name]}`);
  printLimits(emulator, { cannotShow: [...ofStack, ...cannotShow], wronglyTakes });
}
