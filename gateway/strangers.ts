/** What speaks to the Kafka port and is no Kafka client, by its first bytes; undefined: it may be one. */
export function whoSpeaks(chunk: Uint8Array): string | undefined {
  if (chunk[0] === 0x16 && chunk[1] === 0x03) return 'TLS';
  const begin = Buffer.from(chunk.subarray(0, 8)).toString('latin1');
  if (/^(GET|POST|PUT|HEAD|DELETE|OPTIONS|PATCH|CONNECT|PRI) /.test(begin)) return 'HTTP';
  return undefined;
}
