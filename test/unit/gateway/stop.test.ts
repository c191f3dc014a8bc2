import { describe, expect, test, vi } from 'vitest';
import { listen } from '../../../gateway/listener.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { silentLog } from '../../../shared/base/log.ts';
import { KafkaSocket } from '../../support/kafka-socket.ts';
import { numberOf, openGateway, requestFrame, scriptedBroker } from './scripted-gateway.ts';

const inTime = { timeout: 10_000, interval: 2 };
const longMs = 20_000;

describe('a gateway that stops', () => {
  test('answers what is in flight, takes nothing more, and is gone', async () => {
    const broker = scriptedBroker((asked) => asked.admit());
    const { connect, listener } = await openGateway(broker);
    const [busy, idle] = [await connect(), await connect()];
    busy.send(requestFrame(0), requestFrame(1));
    await vi.waitFor(() => expect([broker.asked.length, listener.connections]).toEqual([2, 2]), inTime);
    let isStopped = false;
    const stopping = listener.stop(longMs).then(() => {
      isStopped = true;
    });
    await idle.closed;
    busy.send(requestFrame(2));
    broker.asked[1]?.answer();
    expect([isStopped, busy.isClosed, busy.frames]).toEqual([false, false, []]);
    broker.asked[0]?.answer();
    await busy.closed;
    await stopping;
    expect(busy.frames.map(numberOf)).toEqual([0, 1]);
    expect(broker.asked.length).toBe(2);
    await expect(KafkaSocket.open(listener.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('tells the requests that wait to come to an end', async () => {
    const broker = scriptedBroker((asked) => asked.signal.addEventListener('abort', () => asked.answer()));
    const { connect, listener } = await openGateway(broker);
    const client = await connect();
    client.send(requestFrame(5));
    await vi.waitFor(() => expect(broker.asked.length).toBe(1), inTime);
    const startMs = systemClock.nowMs();
    await listener.stop(longMs);
    await client.closed;
    expect(client.frames.map(numberOf)).toEqual([5]);
    expect(systemClock.nowMs() - startMs).toBeLessThan(longMs / 2);
  });

  test('cuts what is not answered within the grace, and who does not hang up', async () => {
    const broker = scriptedBroker();
    const { connect, listener } = await openGateway(broker);
    const [unanswered, halfOpen] = [await connect(), await connect()];
    unanswered.send(requestFrame(0));
    halfOpen.socket.pause(); // never hears the end
    await vi.waitFor(() => expect([broker.asked.length, listener.connections]).toEqual([1, 2]), inTime);
    await listener.stop(100);
    await unanswered.closed;
    expect([listener.connections, listener.heldBytes]).toEqual([0, requestFrame(0).length]);
    broker.asked[0]?.answer();
    await vi.waitFor(() => expect(listener.heldBytes).toBe(0), inTime);
  });

  test('drops what a client goes on sending meanwhile', async () => {
    const broker = scriptedBroker((asked) => asked.admit());
    const { connect, listener } = await openGateway(broker, { limits: { connectionRequestsMax: 1 } });
    const client = await connect();
    client.send(requestFrame(0)); // from now on the gateway does not read
    await vi.waitFor(() => expect(broker.asked.length).toBe(1), inTime);
    const stopping = listener.stop(longMs);
    await client.sent(Buffer.concat(Array.from({ length: 50 }, () => requestFrame(1, { length: 500_000 }))));
    expect(listener.heldBytes).toBe(requestFrame(0).length);
    broker.asked[0]?.answer();
    await client.closed;
    await stopping;
    expect(client.frames.map(numberOf)).toEqual([0]);
  });

  test('frees its port for the next one', async () => {
    const options = {
      broker: scriptedBroker(),
      brokerId: 1,
      host: '127.0.0.1',
      clock: systemClock,
      log: silentLog,
    };
    const first = await listen({ ...options, port: 0 });
    await expect(listen({ ...options, port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.stop(0);
    const second = await listen({ ...options, port: first.port });
    expect(second.port).toBe(first.port);
    await second.stop(0);
  });
});
