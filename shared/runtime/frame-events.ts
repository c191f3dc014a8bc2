import { Buffer } from 'node:buffer';
import type { Answer } from '../broker/broker.ts';
import type { BrokerNode } from '../broker/broker-context.ts';
import type { Standing } from '../broker/handler.ts';
import type { Again } from '../groups/api.ts';
import type { AppendRepeat } from '../log/api.ts';

// How a gateway hands Kafka's frames to a function, and the function its answers back: JSON, as Lambda takes
// it, with bytes as base64. Both sides know format 1 only.

const format = 1;

/** One request of a client. */
export type FrameCall = {
  /** Size left off. */
  readonly frame: Uint8Array;
  /** Who sent it to the gateway, as the gateway has found out. */
  readonly principal: string;
  readonly clientHost: string;
  /** Of a Produce: one for each partition, in the order of the request. */
  readonly repeats?: readonly AppendRepeat[];
  /** Of JoinGroup: minted where the frame was read, the same in every call for one request. */
  readonly requestId?: string;
  /** What an earlier call for the same request answered: call again as this member. */
  readonly again?: { readonly memberId: string };
};

export type FrameEvent = {
  /** The broker whose listener took the requests, and all brokers that its clients are told of. */
  readonly brokerId: number;
  readonly brokers: readonly BrokerNode[];
  /** Fetches wait so long for records (ms), joins for others; a function cuts it. */
  readonly waitMsMax: number;
  readonly calls: readonly FrameCall[];
};

/** `later`: there was no room in this answer, and nothing was done; it is to be sent again. */
export type FrameAnswer = Answer | Again | Standing<readonly Uint8Array[]> | 'later';

/** The event or the answer is none: the two sides are of different versions, or it was written by hand. */
export class MalformedFrames extends Error {
  override name = 'MalformedFrames';
}

/**
 * Whether Lambda was invoked by a gateway. An event of API Gateway or of a function URL has a
 * `requestContext`, which AWS puts there and no caller can leave out; whatever else it holds, it is never
 * taken for frames.
 */
export const isFrameEvent = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && 'calls' in event && !('requestContext' in event);

export const writeFrameEvent = ({ calls, ...rest }: FrameEvent): string =>
  JSON.stringify({ format, ...rest, calls: calls.map(writeCall) });

const writeCall = ({ frame, repeats, ...rest }: FrameCall) => ({
  ...rest,
  frame: base64(frame),
  ...(repeats ? { repeats: repeats.map(writeRepeat) } : {}),
});

const writeRepeat = ({ stagingId, tries, nextBefore }: AppendRepeat) => [
  base64(stagingId),
  tries,
  ...(nextBefore === undefined ? [] : [nextBefore.toString()]),
];

/** Throws MalformedFrames. */
export function readFrameEvent(event: unknown): FrameEvent {
  const { brokerId, brokers, waitMsMax, calls } = ofFormat(event);
  return {
    brokerId: number(brokerId, 'brokerId'),
    brokers: list(brokers, 'brokers').map((node) => readNode(members(node, 'brokers'))),
    waitMsMax: number(waitMsMax, 'waitMsMax'),
    calls: list(calls, 'calls').map((call) => readCall(members(call, 'calls'))),
  };
}

const readNode = ({ id, host, port, rack }: Members): BrokerNode => ({
  id: number(id, 'id'),
  host: text(host, 'host'),
  port: number(port, 'port'),
  rack: rack === null ? null : text(rack, 'rack'),
});

const readCall = (call: Members): FrameCall => ({
  frame: bytes(call.frame, 'frame'),
  principal: text(call.principal, 'principal'),
  clientHost: text(call.clientHost, 'clientHost'),
  ...(call.repeats === undefined ? {} : { repeats: list(call.repeats, 'repeats').map(readRepeat) }),
  ...(call.requestId === undefined ? {} : { requestId: text(call.requestId, 'requestId') }),
  ...(call.again === undefined
    ? {}
    : { again: { memberId: text(members(call.again, 'again').memberId, 'memberId') } }),
});

function readRepeat(repeat: unknown): AppendRepeat {
  const [stagingId, tries, nextBefore] = list(repeat, 'repeats');
  const offset = nextBefore === undefined ? undefined : text(nextBefore, 'nextBefore');
  if (offset !== undefined && !/^\d{1,19}$/.test(offset)) throw malformed('nextBefore');
  return {
    stagingId: bytes(stagingId, 'stagingId'),
    tries: number(tries, 'tries'),
    ...(offset === undefined ? {} : { nextBefore: BigInt(offset) }),
  };
}

/** What Lambda writes as JSON. */
export type WrittenAnswers = { readonly format: number; readonly answers: readonly unknown[] };

export const writeFrameAnswers = (answers: readonly FrameAnswer[]): WrittenAnswers => ({
  format,
  answers: answers.map(writeAnswer),
});

function writeAnswer(answer: FrameAnswer): unknown {
  if (typeof answer === 'string' || 'close' in answer || 'again' in answer) return answer;
  if ('standing' in answer) return { ...writeParts(answer.standing), mayStandMs: answer.mayStandMs };
  return writeParts(answer);
}

const writeParts = (parts: readonly Uint8Array[]): { frame: string } => ({
  frame: Buffer.concat(parts).toString('base64'),
});

/** Throws MalformedFrames; also when there are not `count` answers. */
export function readFrameAnswers(written: unknown, count: number): FrameAnswer[] {
  const answers = list(ofFormat(written).answers, 'answers').map(readAnswer);
  if (answers.length !== count) throw malformed(`answers: ${answers.length} for ${count} calls`);
  return answers;
}

function readAnswer(answer: unknown): FrameAnswer {
  if (answer === 'none' || answer === 'later') return answer;
  const { frame, close, again, mayStandMs } = members(answer, 'answers');
  if (close !== undefined) return { close: text(close, 'close') };
  if (mayStandMs !== undefined)
    return { standing: [bytes(frame, 'frame')], mayStandMs: number(mayStandMs, 'mayStandMs') };
  if (again === undefined) return [bytes(frame, 'frame')];
  const { afterMs, memberId } = members(again, 'again');
  return { again: { afterMs: number(afterMs, 'afterMs'), memberId: text(memberId, 'memberId') } };
}

type Members = Readonly<Record<string, unknown>>;

const malformed = (name: string): MalformedFrames =>
  new MalformedFrames(`no frames of format ${format}: ${name}`);

function ofFormat(value: unknown): Members {
  const all = members(value, 'event');
  if (all.format !== format) throw malformed(`format ${String(all.format)}: update gateway or stack`);
  return all;
}

function members(value: unknown, name: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(name);
  return value as Members;
}

function list(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(name);
  return value;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw malformed(name);
  return value;
}

function number(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw malformed(name);
  return value;
}

const base64 = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');

function bytes(value: unknown, name: string): Uint8Array {
  const read = Buffer.from(text(value, name), 'base64');
  return new Uint8Array(read.buffer, read.byteOffset, read.length);
}
