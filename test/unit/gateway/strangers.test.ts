import { expect, test } from 'vitest';
import { openingBytes, whoSpeaks } from '../../../gateway/strangers.ts';

test.each([
  ['TLS', Buffer.from('160301020001', 'hex')],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
  ['HTTP', Buffer.from('OPTIONS * HTTP/1.1')],
  ['HTTP', Buffer.from('PRI * HTTP/2.0')],
  ['SSH', Buffer.from('SSH-2.0-OpenSSH')],
  ['the PROXY protocol', Buffer.from('PROXY TCP4 1.2.3.4')],
  ['the PROXY protocol', Buffer.from('0d0a0d0a000d0a515549540a', 'hex')],
])('%s is known by its first bytes', (name, bytes) => {
  expect(whoSpeaks(bytes)).toBe(name);
  expect(whoSpeaks(bytes.subarray(0, openingBytes))).toBe(name);
});

test('a Kafka frame is not taken for anything else, whatever its size', () => {
  for (let size = 8; size <= 104_857_600; size = Math.ceil(size * 1.001)) {
    const head = Buffer.alloc(8);
    head.writeInt32BE(size);
    expect(whoSpeaks(head)).toBeUndefined();
  }
});
