/** What a connection begins with when something other than a Kafka client opened it. */
const openings: readonly (readonly [name: string, begins: readonly string[]])[] = [
  ['TLS', ['\x16\x03']],
  ['HTTP', ['GET ', 'POST', 'PUT ', 'HEAD', 'DELE', 'OPTI', 'PATC', 'CONN', 'TRAC', 'PRI ']],
  ['SSH', ['SSH-']],
  ['the PROXY protocol', ['PROX', '\r\n\r\n']],
];

/** Bytes after which `whoSpeaks` knows. As the size of a frame each of them would be too large. */
export const openingBytes = 4;

/** What speaks to the Kafka port and is no Kafka client, by its first bytes; undefined: it may be one. */
export function whoSpeaks(begin: Uint8Array): string | undefined {
  const text = Buffer.from(begin.subarray(0, openingBytes)).toString('latin1');
  return openings.find(([, begins]) => begins.some((one) => text.startsWith(one)))?.[0];
}
