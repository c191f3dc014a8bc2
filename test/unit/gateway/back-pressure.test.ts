import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { answerFrame, numberOf, openGateway, requestFrame, scriptedBroker } from './scripted-gateway.ts';

const inTime = { timeout: 20_000, interval: 5 };
const megabyte = 1_000_000;
/** What the system holds between two sockets on loopback, and one read of it. */
const systemBytesMax = 16 * megabyte;
const big = (number: number, length = megabyte) => requestFrame(number, { length });

describe('a client that does not read its answers', () => {
  test('is not served on until it does, and then gets all of them', async () => {
    const broker = scriptedBroker((asked) => asked.answer([answerFrame(asked.number, megabyte)]));
    const { connect, listener } = await openGateway(broker);
    const client = await connect();
    client.socket.pause();
    client.send(...Array.from({ length: 60 }, (_, number) => requestFrame(number)));
    await vi.waitFor(() => expect(listener.heldBytes).toBeGreaterThan(megabyte / 2), inTime);
    expect(broker.asked.length).toBeLessThan(systemBytesMax / megabyte);
    expect(listener.heldBytes).toBeLessThan(2 * megabyte);
    const neighbour = await connect();
    neighbour.send(requestFrame(999));
    expect((await neighbour.next())?.length).toBe(megabyte);
    client.socket.resume();
    for (let number = 0; number < 60; number++)
      expect(numberOf((await client.next()) ?? Buffer.alloc(8))).toBe(number);
    await vi.waitFor(() => expect(listener.heldBytes).toBe(0), inTime);
  });

  test('does not keep others from fetching for longer than slowReaderMsMax', async () => {
    const clock = new ManualClock();
    const broker = scriptedBroker((asked) =>
      asked.answer([answerFrame(asked.number, asked.number === 0 ? 2 * systemBytesMax : 8)]),
    );
    const limits = { totalBytesMax: 4 * megabyte, slowReaderMsMax: 10_000 };
    const { connect, listener, lines } = await openGateway(broker, { limits, clock });
    const slow = await connect();
    slow.socket.pause();
    slow.send(requestFrame(0));
    await vi.waitFor(() => expect(listener.heldBytes).toBeGreaterThan(limits.totalBytesMax), inTime);
    const other = await connect();
    other.send(requestFrame(1, { key: 1 })); // a fetch
    const small = await connect();
    small.send(requestFrame(2)); // anything else goes on
    expect(numberOf((await small.next()) ?? Buffer.alloc(8))).toBe(2);
    clock.advance(9_000);
    small.send(requestFrame(3));
    expect(numberOf((await small.next()) ?? Buffer.alloc(8))).toBe(3);
    expect(broker.asked.map(({ number }) => number)).toEqual([0, 2, 3]);
    clock.advance(2_000);
    expect(numberOf((await other.next()) ?? Buffer.alloc(8))).toBe(1);
    expect(lines).toMatchObject([{ level: 'info', details: { reason: 'it does not take its answers' } }]);
  });

  test('is closed after idleMsMax, also where there is room', async () => {
    const clock = new ManualClock();
    const broker = scriptedBroker((asked) => asked.answer([answerFrame(0, 2 * systemBytesMax)]));
    const { connect, listener } = await openGateway(broker, { limits: { idleMsMax: 5_000 }, clock });
    const slow = await connect();
    slow.socket.pause();
    slow.send(requestFrame(0));
    await vi.waitFor(() => expect(listener.heldBytes).toBeGreaterThan(megabyte), inTime);
    clock.advance(6_000);
    await vi.waitFor(() => expect(listener.connections).toBe(0), inTime);
    await vi.waitFor(() => expect(listener.heldBytes).toBe(0), inTime);
  });
});

describe('a client that sends faster than it is served', () => {
  test('is not read while a request of it is not admitted', async () => {
    const broker = scriptedBroker();
    const { connect, listener } = await openGateway(broker);
    const client = await connect();
    let isSent = false;
    const frames = Array.from({ length: 60 }, (_, number) => big(number));
    void client.sent(Buffer.concat(frames)).then(() => {
      isSent = true;
    });
    for (let number = 0; number < 60; number++) {
      await vi.waitFor(() => expect(broker.asked.length).toBe(number + 1), inTime);
      expect(listener.heldBytes).toBeLessThan(1.5 * megabyte);
      if (number < 10) expect(isSent).toBe(false);
      broker.asked[number]?.answer();
    }
    for (let number = 0; number < 60; number++)
      expect(numberOf((await client.next()) ?? Buffer.alloc(8))).toBe(number);
    await vi.waitFor(() => expect(listener.heldBytes).toBe(0), inTime);
  });

  test('has at most connectionRequestsMax requests under way', async () => {
    const broker = scriptedBroker((asked) => asked.admit());
    const { connect, listener } = await openGateway(broker, { limits: { connectionRequestsMax: 5 } });
    const client = await connect();
    client.send(...Array.from({ length: 300 }, (_, number) => requestFrame(number, { length: 20_000 })));
    for (let number = 0; number < 300; number++) {
      await vi.waitFor(() => expect(broker.asked.length).toBe(Math.min(300, number + 5)), inTime);
      expect(listener.heldBytes).toBeLessThan(5 * 20_000 + 3 * 65_536);
      broker.asked[number]?.answer();
      expect(numberOf((await client.next()) ?? Buffer.alloc(8))).toBe(number);
    }
  });

  test('holds at most connectionBytesMax and the frame at hand', async () => {
    const limits = { frameBytesMax: 2 * megabyte, connectionBytesMax: 3 * megabyte };
    const broker = scriptedBroker((asked) => asked.admit());
    const { connect, listener } = await openGateway(broker, { limits });
    const client = await connect();
    client.send(...Array.from({ length: 30 }, (_, number) => big(number)));
    await vi.waitFor(() => expect(broker.asked.length).toBeGreaterThanOrEqual(3), inTime);
    for (let number = 0; number < 30; number++) {
      await vi.waitFor(() => expect(broker.asked.length).toBeGreaterThan(number), inTime);
      expect(listener.heldBytes).toBeLessThan(4 * megabyte);
      broker.asked[number]?.answer();
      await client.next();
    }
    expect(broker.asked.map(({ number }) => number)).toEqual(Array.from({ length: 30 }, (_, n) => n));
  });
});

describe('all clients together', () => {
  const limits = {
    totalBytesMax: 3 * megabyte,
    frameBytesMax: 2 * megabyte,
    connectionBytesMax: 2 * megabyte,
  };
  /** The total, one frame more, and small requests with what one read brings. */
  const heldBytesMax = limits.totalBytesMax + 1.2 * megabyte + 10 * 2 * 65_536;

  test('hold at most totalBytesMax and one frame more; small requests do not wait', async () => {
    const broker = scriptedBroker((asked) => {
      if (asked.number >= 100) asked.answer();
    });
    const { connect, listener } = await openGateway(broker, { limits });
    const clients = await Promise.all(Array.from({ length: 10 }, () => connect()));
    for (const [number, client] of clients.entries()) client.send(big(number));
    await vi.waitFor(() => expect(listener.heldBytes).toBeGreaterThanOrEqual(limits.totalBytesMax), inTime);
    const small = await connect();
    for (let number = 100; number < 110; number++) {
      small.send(requestFrame(number));
      expect(numberOf((await small.next()) ?? Buffer.alloc(8))).toBe(number);
      expect(listener.heldBytes).toBeLessThan(heldBytesMax);
    }
    const bigOnes = () => broker.asked.filter(({ number }) => number < 100);
    for (let served = 0; served < 10; served++) {
      await vi.waitFor(() => expect(bigOnes().length).toBeGreaterThan(served), inTime);
      expect(listener.heldBytes).toBeLessThan(heldBytesMax);
      bigOnes()[served]?.answer();
    }
    for (const client of clients) expect((await client.next())?.length).toBe(8);
    await vi.waitFor(() => expect(listener.heldBytes).toBe(0), inTime);
  });

  test('do not block each other with half frames', async () => {
    const broker = scriptedBroker((asked) => asked.answer());
    const { connect, listener } = await openGateway(broker, { limits });
    const clients = await Promise.all(Array.from({ length: 10 }, () => connect()));
    for (const [number, client] of clients.entries()) client.send(big(number).subarray(0, 0.9 * megabyte));
    await vi.waitFor(() => expect(listener.heldBytes).toBeGreaterThanOrEqual(limits.totalBytesMax), inTime);
    expect(listener.heldBytes).toBeLessThan(heldBytesMax);
    for (const [number, client] of clients.entries()) client.send(big(number).subarray(0.9 * megabyte));
    for (const [number, client] of clients.entries())
      expect(numberOf((await client.next()) ?? Buffer.alloc(8))).toBe(number);
    await vi.waitFor(() => expect(listener.heldBytes).toBe(0), inTime);
  });

  test('take turns when only one may go on', async () => {
    const broker = scriptedBroker((asked) => asked.admit());
    const { connect, listener } = await openGateway(broker, { limits });
    const lengths = [1.45 * megabyte, 1.45 * megabyte, 60_000, 60_000, 60_000]; // none of them overdraws
    for (const [number, length] of lengths.entries()) {
      (await connect()).send(requestFrame(number, { length }));
      await vi.waitFor(() => expect(broker.asked.length).toBe(number + 1), inTime);
    }
    expect(listener.heldBytes).toBeGreaterThan(limits.totalBytesMax);
    const clients = await Promise.all([connect(), connect(), connect()]);
    for (const [place, client] of clients.entries())
      client.send(...[0, 1, 2].map((round) => big(10 * (place + 1) + round)));
    for (let served = 0; served < 9; served++) {
      await vi.waitFor(() => expect(broker.asked.length).toBe(6 + served), inTime);
      broker.asked.at(-1)?.answer();
    }
    const rounds = broker.asked.slice(5).map(({ number }) => number % 10);
    expect(rounds).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
  });

  test('are not blocked for longer than frameMsMax by one that does not go on', async () => {
    const clock = new ManualClock();
    const broker = scriptedBroker((asked) => asked.answer());
    const frameMsMax = 5_000;
    const { connect, listener } = await openGateway(broker, { limits: { ...limits, frameMsMax }, clock });
    const stallers = await Promise.all(Array.from({ length: 6 }, () => connect()));
    for (const [number, client] of stallers.entries()) client.send(big(number).subarray(0, 0.9 * megabyte));
    await vi.waitFor(() => expect(listener.heldBytes).toBeGreaterThanOrEqual(limits.totalBytesMax), inTime);
    const honest = await connect();
    honest.send(big(50));
    const answer = honest.next();
    await vi.waitFor(() => {
      clock.advance(1_000);
      expect(honest.frames.length).toBe(1);
    }, inTime);
    expect(numberOf((await answer) ?? Buffer.alloc(8))).toBe(50);
  });
});
