import { describe, expect, test, vi } from 'vitest';
import { answerFrame, numberOf, openGateway, requestFrame, scriptedBroker } from './scripted-gateway.ts';

const inTime = { timeout: 10_000, interval: 2 };

describe('a connection', () => {
  test('answers in the order of the requests, whatever order they are served in', async () => {
    const broker = scriptedBroker((asked) => asked.admit());
    const { connect } = await openGateway(broker);
    const client = await connect();
    client.send(...[0, 1, 2, 3].map((number) => requestFrame(number)));
    await vi.waitFor(() => expect(broker.asked.length).toBe(4), inTime);
    for (const number of [3, 1, 2]) broker.asked[number]?.answer();
    const other = await connect(); // a round trip, in which a wrong answer would have come
    other.send(requestFrame(9));
    await vi.waitFor(() => expect(broker.asked.length).toBe(5), inTime);
    expect(client.frames).toEqual([]);
    broker.asked[0]?.answer();
    for (const number of [0, 1, 2, 3])
      expect(numberOf((await client.next()) ?? Buffer.alloc(8))).toBe(number);
  });

  test('begins a request when the one before is admitted', async () => {
    const broker = scriptedBroker();
    const { connect } = await openGateway(broker);
    const client = await connect();
    client.send(...[0, 1, 2].map((number) => requestFrame(number)));
    await vi.waitFor(() => expect(broker.asked.length).toBe(1), inTime);
    broker.asked[0]?.admit();
    await vi.waitFor(() => expect(broker.asked.length).toBe(2), inTime);
    broker.asked[0]?.answer();
    await client.next();
    expect(broker.asked.length).toBe(2);
    broker.asked[1]?.answer();
    await vi.waitFor(() => expect(broker.asked.length).toBe(3), inTime);
  });

  test('steps over what wants no answer', async () => {
    const broker = scriptedBroker((asked) => asked.answer(asked.number % 2 === 0 ? undefined : 'none'));
    const { connect } = await openGateway(broker);
    const client = await connect();
    client.send(...[0, 1, 2, 3, 4].map((number) => requestFrame(number)));
    for (const number of [0, 2, 4]) expect(numberOf((await client.next()) ?? Buffer.alloc(8))).toBe(number);
    expect(broker.asked.length).toBe(5);
  });

  test('ends behind the answers before the one that ends it, and serves nothing after', async () => {
    const broker = scriptedBroker((asked) => {
      asked.admit();
      if (asked.number === 1) asked.answer({ close: 'a reason' });
    });
    const { connect, lines } = await openGateway(broker);
    const client = await connect();
    client.send(...[0, 1, 2].map((number) => requestFrame(number)));
    await vi.waitFor(() => expect(broker.asked.length).toBe(3), inTime);
    broker.asked[2]?.answer();
    expect(client.isClosed).toBe(false);
    broker.asked[0]?.answer();
    await client.closed;
    expect(client.frames.map(numberOf)).toEqual([0]);
    expect(lines).toMatchObject([{ level: 'warn', details: { reason: 'a reason' } }]);
  });

  test('serves what was sent without waiting for answers before the client hung up', async () => {
    const broker = scriptedBroker();
    const { connect } = await openGateway(broker);
    const client = await connect();
    client.send(...Array.from({ length: 200 }, (_, number) => requestFrame(number)));
    client.socket.end();
    for (let number = 0; number < 200; number++) {
      await vi.waitFor(() => expect(broker.asked.length).toBe(number + 1), inTime);
      expect(broker.asked[number]?.number).toBe(number);
      broker.asked[number]?.answer('none');
    }
  });

  test('tells the requests of a broken connection, and begins no more of them', async () => {
    const broker = scriptedBroker();
    const { connect, listener } = await openGateway(broker);
    const client = await connect();
    client.send(requestFrame(0), requestFrame(1));
    await vi.waitFor(() => expect(broker.asked.length).toBe(1), inTime);
    client.socket.resetAndDestroy();
    await vi.waitFor(() => expect(broker.asked[0]?.signal.aborted).toBe(true), inTime);
    await vi.waitFor(() => expect(listener.connections).toBe(0), inTime);
    broker.asked[0]?.answer();
    const other = await connect();
    other.send(requestFrame(7));
    await vi.waitFor(() => expect(broker.asked.at(-1)?.number).toBe(7), inTime);
    expect(broker.asked.map(({ number }) => number)).toEqual([0, 7]);
    await vi.waitFor(() => expect(listener.heldBytes).toBe(requestFrame(7).length), inTime);
  });

  test('piles up no listeners, however many answers it waits for the client to take', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    const broker = scriptedBroker((asked) => asked.answer([answerFrame(asked.number, 300_000)]));
    const { connect } = await openGateway(broker);
    const client = await connect();
    for (let number = 0; number < 60; number++) {
      client.send(requestFrame(number));
      expect((await client.next())?.length).toBe(300_000);
    }
    await vi.waitFor(() => expect(broker.asked.length).toBe(60), inTime);
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });
});
