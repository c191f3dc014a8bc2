/** What is asked of clients, as the table of docs/kafka-coverage.md calls it. */
export const columns = {
  none: 'plain',
  gzip: 'gzip',
  snappy: 'snappy',
  lz4: 'lz4',
  zstd: 'zstd',
  keys: 'keys',
  headers: 'headers',
  null: 'null keys and values',
  acks: 'acks 0, 1, all',
  idempotent: 'idempotent',
  seek: 'seek',
  'offset-for-time': 'offsets by time',
  group: 'group, join and kill',
  commit: 'commit, restart of the broker',
  live: 'lives through a restart',
  cooperative: 'cooperative',
  kip848: 'KIP-848',
  admin: 'admin',
  brokers: 'three brokers',
} as const;
export type Column = keyof typeof columns;
