import { afterEach } from 'vitest';
import type { GatewayLimits } from '../../../gateway/limits.ts';
import { type Listener, listen } from '../../../gateway/listener.ts';
import { type Clock, systemClock } from '../../../shared/base/clock.ts';
import type { Log, LogLevel } from '../../../shared/base/log.ts';
import type { Answer, Broker, Serving } from '../../../shared/broker/broker.ts';
import { KafkaSocket } from '../../support/kafka-socket.ts';

/** A frame of `length` bytes behind its size: the key of an API, and a number to know it by. */
export function requestFrame(
  number: number,
  { key = 3, length = 8 }: { key?: number; length?: number } = {},
) {
  const frame = Buffer.alloc(4 + length);
  frame.writeInt32BE(length, 0);
  frame.writeInt16BE(key, 4);
  frame.writeInt32BE(number, 8);
  return frame;
}

export const numberOf = (frame: Uint8Array): number => Buffer.from(frame).readInt32BE(4);

/** An answer that repeats the number of its request, behind its size. */
export function answerFrame(number: number, length = 8): Uint8Array {
  const frame = Buffer.alloc(4 + length);
  frame.writeInt32BE(length, 0);
  frame.writeInt32BE(number, 8);
  return frame;
}

/** A request that the broker was asked to serve; the test decides what becomes of it. */
export type Asked = {
  readonly number: number;
  readonly frame: Uint8Array;
  readonly signal: AbortSignal;
  /** Lets the next request begin. */
  admit(): void;
  answer(answer?: Answer): void;
};

export type ScriptedBroker = Pick<Broker, 'serve'> & { readonly asked: Asked[] };

/** A broker that does what a test says, or with `reply` answers at once. */
export function scriptedBroker(reply?: (asked: Asked) => void): ScriptedBroker {
  const asked: Asked[] = [];
  const serve = (frame: Uint8Array, _caller: unknown, signal: AbortSignal): Serving => {
    const number = numberOf(frame);
    let admit = (_isEarly: boolean): void => {};
    let answer = (_answer: Answer): void => {};
    const serving = {
      admitted: new Promise<boolean>((resolve) => {
        admit = resolve;
      }),
      answer: new Promise<Answer>((resolve) => {
        answer = resolve;
      }),
    };
    const one: Asked = {
      number,
      frame,
      signal,
      admit: () => admit(true),
      answer: (given = [answerFrame(number)]) => {
        answer(given);
        admit(false);
      },
    };
    asked.push(one);
    reply?.(one);
    return serving;
  };
  return { serve, asked };
}

export type Logged = { readonly level: LogLevel; readonly message: string; readonly details: unknown };

/** A log that remembers. */
export function remembering(): { log: Log; lines: Logged[] } {
  const lines: Logged[] = [];
  const at = (level: LogLevel) => (message: string, details?: unknown) => {
    lines.push({ level, message, details });
  };
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines };
}

export type Gateway = {
  readonly listener: Listener;
  readonly lines: Logged[];
  connect(): Promise<KafkaSocket>;
};

const opened: (() => Promise<void>)[] = [];

/** A listener on loopback that is stopped after the test, with its clients. */
export async function openGateway(
  broker: Pick<Broker, 'serve'>,
  { limits = {}, clock = systemClock }: { limits?: Partial<GatewayLimits>; clock?: Clock } = {},
): Promise<Gateway> {
  const { log, lines } = remembering();
  const listener = await listen({ broker, brokerId: 1, host: '127.0.0.1', port: 0, limits, clock, log });
  const clients: KafkaSocket[] = [];
  opened.push(async () => {
    for (const client of clients) client.destroy();
    await listener.stop(0);
  });
  const connect = async (): Promise<KafkaSocket> => {
    const client = await KafkaSocket.open(listener.port);
    clients.push(client);
    return client;
  };
  return { listener, lines, connect };
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((stop) => stop()));
});
