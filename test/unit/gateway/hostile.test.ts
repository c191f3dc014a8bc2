import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { numberOf, openGateway, requestFrame, scriptedBroker } from './scripted-gateway.ts';

const inTime = { timeout: 10_000, interval: 2 };
const answering = () => scriptedBroker((asked) => asked.answer());

const sized = (size: number): Buffer => {
  const bytes = Buffer.alloc(12);
  bytes.writeInt32BE(size);
  return bytes;
};

const strangers: readonly [name: string, bytes: Buffer, said: RegExp][] = [
  ['TLS', Buffer.from('1603010200010001fc0303', 'hex'), /^TLS was spoken/],
  ['HTTP', Buffer.from('GET /topics HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP was spoken/],
  ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), /^HTTP was spoken/],
  ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'), /^SSH was spoken/],
  ['the PROXY protocol', Buffer.from('PROXY TCP4 1.1.1.1 2.2.2.2 3 4\r\n'), /^the PROXY protocol was spoken/],
];
const garbage: readonly [name: string, bytes: Buffer, reason: RegExp][] = [
  ['a negative size', sized(-1), /a frame of -1 bytes/],
  ['the smallest size', sized(-2_147_483_648), /a frame of -2147483648 bytes/],
  ['a size of 0', sized(0), /a frame of 0 bytes/],
  ['a size without room for a header', sized(7), /a frame of 7 bytes/],
  ['a size over the limit', sized(104_857_601), /a frame of 104857601 bytes, where/],
  ['the largest size', sized(2_147_483_647), /a frame of 2147483647 bytes/],
  ['noise', Buffer.from('fedcba98765432100123456789abcdef', 'hex'), /a frame of -19088744 bytes/],
];

describe('what is no Kafka', () => {
  test.each(strangers)('%s is closed, and the log says what it was', async (_name, bytes, said) => {
    const { connect, lines, listener } = await openGateway(answering());
    const client = await connect();
    client.send(bytes);
    await client.closed;
    expect(lines).toMatchObject([
      { level: 'warn', message: expect.stringMatching(said), details: { client: '127.0.0.1' } },
    ]);
    await vi.waitFor(() => expect(listener.heldBytes).toBe(0), inTime);
  });

  test.each(strangers)('%s is known also when its bytes come one by one', async (_name, bytes, said) => {
    const { connect, lines, listener } = await openGateway(answering());
    const client = await connect();
    for (const [place, byte] of bytes.entries()) {
      if (client.isClosed) break;
      client.send(Buffer.of(byte));
      await vi.waitFor(() => expect(client.isClosed || listener.heldBytes === place + 1).toBe(true), inTime);
    }
    await client.closed;
    expect(lines).toMatchObject([{ level: 'warn', message: expect.stringMatching(said) }]);
  });

  test.each(garbage)('%s is closed, with the reason in the log', async (_name, bytes, reason) => {
    const broker = answering();
    const { connect, lines } = await openGateway(broker);
    const client = await connect();
    client.send(bytes);
    await client.closed;
    expect(lines).toMatchObject([{ level: 'warn', details: { reason: expect.stringMatching(reason) } }]);
    expect(broker.asked).toEqual([]);
  });

  test('garbage behind a request ends the connection; its neighbours go on', async () => {
    const { connect, listener } = await openGateway(answering());
    const [broken, neighbour] = [await connect(), await connect()];
    broken.send(requestFrame(1), sized(-5));
    await broken.closed;
    neighbour.send(requestFrame(2));
    expect(numberOf((await neighbour.next()) ?? Buffer.alloc(8))).toBe(2);
    await vi.waitFor(() => expect(listener.connections).toBe(1), inTime);
  });
});

describe('frames', () => {
  test('byte by byte is a request like any other', async () => {
    const { connect } = await openGateway(answering());
    const client = await connect();
    for (const byte of requestFrame(77, { length: 40 })) await client.sent(Buffer.of(byte));
    expect(numberOf((await client.next()) ?? Buffer.alloc(8))).toBe(77);
  });

  test('up to the limit are taken, one byte more is not', async () => {
    const broker = answering();
    const { connect } = await openGateway(broker, { limits: { frameBytesMax: 1_000_000 } });
    const client = await connect();
    client.send(requestFrame(5, { length: 1_000_000 }));
    expect(numberOf((await client.next()) ?? Buffer.alloc(8))).toBe(5);
    expect(broker.asked[0]?.frame.length).toBe(1_000_000);
    client.send(requestFrame(6, { length: 1_000_001 }));
    await client.closed;
    expect(broker.asked.length).toBe(1);
  });

  test('a hundred thousand small ones in a few writes cost little', async () => {
    const { connect, listener } = await openGateway(answering());
    const client = await connect();
    const many = Buffer.concat(Array.from({ length: 100_000 }, (_, number) => requestFrame(number)));
    client.send(many);
    await vi.waitFor(() => {
      expect(listener.heldBytes).toBeLessThan(3 * 65_536);
      expect(client.frames.length).toBe(100_000);
    }, inTime);
    expect(client.frames.map(numberOf)).toEqual(Array.from({ length: 100_000 }, (_, number) => number));
  });
});

describe('the times of a connection', () => {
  const limits = { idleMsMax: 60_000, frameMsMax: 5_000 };

  test('whoever is silent is closed after idleMsMax, whoever waits for an answer is not', async () => {
    const clock = new ManualClock();
    const broker = scriptedBroker();
    const { connect, listener, lines } = await openGateway(broker, { limits, clock });
    const [silent, waiting] = [await connect(), await connect()];
    waiting.send(requestFrame(1));
    await vi.waitFor(() => expect([broker.asked.length, listener.connections]).toEqual([1, 2]), inTime);
    clock.advance(60_000);
    await connect(); // time for the check to be wrong
    expect([silent.isClosed, waiting.isClosed]).toEqual([false, false]);
    clock.advance(2_000);
    await silent.closed;
    expect(lines).toMatchObject([{ level: 'info', details: { reason: 'it is silent' } }]);
    broker.asked[0]?.answer();
    expect(numberOf((await waiting.next()) ?? Buffer.alloc(8))).toBe(1);
  });

  test('a frame must be whole after frameMsMax, however often a byte of it comes', async () => {
    const clock = new ManualClock();
    const { connect, listener, lines } = await openGateway(answering(), { limits, clock });
    const client = await connect();
    const frame = requestFrame(1, { length: 100 });
    for (let sent = 0; sent < 100 && !client.isClosed; sent++) {
      await client.sent(frame.subarray(sent, sent + 1));
      await vi.waitFor(() => expect(client.isClosed || listener.heldBytes === sent + 1).toBe(true), inTime);
      clock.advance(1_000);
    }
    await client.closed;
    expect(lines).toMatchObject([{ level: 'info', details: { reason: 'its request does not end' } }]);
  });

  test('what a client sends of its next request while one is served does not count', async () => {
    const clock = new ManualClock();
    const broker = scriptedBroker();
    const { connect, listener } = await openGateway(broker, { limits, clock });
    const client = await connect();
    client.send(requestFrame(1), requestFrame(2).subarray(0, 6));
    await vi.waitFor(() => expect(listener.heldBytes).toBe(18), inTime);
    clock.advance(50_000);
    broker.asked[0]?.answer();
    await client.next();
    clock.advance(4_000);
    client.send(requestFrame(2).subarray(6));
    await vi.waitFor(() => expect(broker.asked.length).toBe(2), inTime);
  });
});

describe('connections', () => {
  test('more than connectionsMax are refused, until there is room', async () => {
    const { connect, listener, lines } = await openGateway(answering(), { limits: { connectionsMax: 2 } });
    const [first, second] = [await connect(), await connect()];
    await vi.waitFor(() => expect(listener.connections).toBe(2), inTime);
    const third = await connect();
    await third.closed;
    expect(lines).toMatchObject([{ level: 'warn', message: 'too many connections: one is refused' }]);
    first.destroy();
    await vi.waitFor(() => expect(listener.connections).toBe(1), inTime);
    const fourth = await connect();
    for (const client of [second, fourth]) {
      client.send(requestFrame(4));
      expect(numberOf((await client.next()) ?? Buffer.alloc(8))).toBe(4);
    }
  });

  test('a reset in the middle of everything leaves nothing behind', async () => {
    const broker = scriptedBroker((asked) => asked.admit());
    const { connect, listener, lines } = await openGateway(broker);
    for (let round = 0; round < 20; round++) {
      const client = await connect();
      client.send(requestFrame(round), requestFrame(round, { length: 5_000 }).subarray(0, 3_000));
      await vi.waitFor(() => expect(broker.asked.length).toBe(round + 1), inTime);
      client.socket.resetAndDestroy();
    }
    await vi.waitFor(() => expect(listener.connections).toBe(0), inTime);
    for (const asked of broker.asked) asked.answer();
    await vi.waitFor(() => expect(listener.heldBytes).toBe(0), inTime);
    expect(lines).toEqual([]);
  });

  test('an unexpected failure of the broker ends the connection it met, and is logged', async () => {
    const broker = answering();
    const failing = {
      serve: (...args: Parameters<typeof broker.serve>) => {
        if (numberOf(args[0]) === 13)
          return { admitted: Promise.resolve(true), answer: Promise.reject(new Error('bug')) };
        return broker.serve(...args);
      },
    };
    const { connect, lines, listener } = await openGateway(failing);
    const [unlucky, neighbour] = [await connect(), await connect()];
    unlucky.send(requestFrame(13));
    await unlucky.closed;
    neighbour.send(requestFrame(1));
    expect(numberOf((await neighbour.next()) ?? Buffer.alloc(8))).toBe(1);
    expect(lines).toMatchObject([{ level: 'error', details: { error: { message: 'bug' } } }]);
    await vi.waitFor(() => expect(listener.heldBytes).toBe(0), inTime);
  });
});
