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
    wronglyTakes: ['add to a text', 'append to a number'],
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
