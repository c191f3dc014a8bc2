import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameSplitter } from '../../../gateway/frame-splitter.ts';
import { MalformedBytes } from '../../../shared/base/bytes.ts';

const limit = 1_000_000;

function framed(payload: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(payload.length);
  return Buffer.concat([size, payload]);
}

function framesOf(splitter: FrameSplitter): Buffer[] {
  const frames: Buffer[] = [];
  for (let frame = splitter.next(); frame; frame = splitter.next()) frames.push(Buffer.from(frame));
  return frames;
}

const payload = fc.oneof(
  fc.uint8Array({ minLength: 8, maxLength: 40 }),
  fc.integer({ min: 8, max: 200_000 }).map((length) => new Uint8Array(length).fill(length & 0xff)),
);

describe('the frame splitter', () => {
  test('gives the same frames however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 6 }), fc.array(fc.nat(70_000)), (payloads, cuts) => {
        const stream = Buffer.concat(payloads.map(framed));
        const splitter = new FrameSplitter(limit);
        const frames: Buffer[] = [];
        let position = 0;
        for (const cut of [...cuts, stream.length]) {
          const end = Math.min(stream.length, position + cut);
          splitter.push(stream.subarray(position, end));
          frames.push(...framesOf(splitter));
          position = end;
          const taken = frames.reduce((bytes, frame) => bytes + 4 + frame.length, 0);
          if (splitter.pendingBytes !== position - taken) return false;
        }
        return Buffer.concat(frames.map(framed)).equals(stream);
      }),
      { numRuns: 300 },
    );
  });

  test('takes frames when they are asked for, also while more is pushed', () => {
    const splitter = new FrameSplitter(limit);
    const payloads = Array.from({ length: 5 }, (_, n) => Buffer.alloc(10, n));
    for (const one of payloads) splitter.push(framed(one));
    expect(splitter.pendingBytes).toBe(5 * 14);
    splitter.push(framed(Buffer.alloc(9)).subarray(0, 6));
    expect(framesOf(splitter)).toEqual(payloads);
    expect(splitter.pendingBytes).toBe(6);
  });

  test('one byte after the other makes a frame', () => {
    const splitter = new FrameSplitter(limit);
    const stream = framed(Buffer.from('twelve bytes'));
    for (const byte of stream.subarray(0, -1)) {
      splitter.push(Buffer.of(byte));
      expect(splitter.next()).toBeUndefined();
    }
    splitter.push(stream.subarray(-1));
    expect(Buffer.from(splitter.next() ?? []).toString()).toBe('twelve bytes');
  });

  test.each([0, 7, -1, -2_147_483_648, limit + 1, 2_147_483_647])('no frame has the size %i', (size) => {
    const head = Buffer.alloc(4);
    head.writeInt32BE(size);
    const whole = new FrameSplitter(limit);
    whole.push(head);
    expect(() => whole.next()).toThrow(MalformedBytes);
    const parts = new FrameSplitter(limit);
    parts.push(head.subarray(0, 3));
    expect(parts.next()).toBeUndefined();
    parts.push(head.subarray(3));
    expect(() => parts.next()).toThrow(MalformedBytes);
  });

  test('a frame of the largest size is taken', () => {
    const splitter = new FrameSplitter(limit);
    const stream = framed(Buffer.alloc(limit, 7));
    for (let at = 0; at < stream.length; at += 65_536) splitter.push(stream.subarray(at, at + 65_536));
    expect(splitter.next()?.length).toBe(limit);
    expect(splitter.pendingBytes).toBe(0);
  });

  test('a size that lies sets nothing aside: a thousand of them hold little', () => {
    const head = Buffer.alloc(8);
    head.writeInt32BE(100_000_000);
    const before = process.memoryUsage().arrayBuffers;
    const splitters = Array.from({ length: 1_000 }, () => {
      const splitter = new FrameSplitter(100_000_000);
      splitter.push(head);
      splitter.next();
      return splitter;
    });
    const held = process.memoryUsage().arrayBuffers - before;
    expect(splitters.length).toBe(1_000);
    expect(held).toBeLessThan(100_000_000);
  });

  test('a large frame in small pieces costs little more than its bytes', () => {
    const size = 8_000_000;
    const head = Buffer.alloc(4);
    head.writeInt32BE(size);
    const splitter = new FrameSplitter(size);
    splitter.push(head);
    const before = process.memoryUsage().arrayBuffers;
    const piece = new Uint8Array(10);
    for (let sent = 0; sent < size - 10; sent += 10) {
      splitter.push(piece);
      splitter.next();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(6 * size);
    splitter.push(piece);
    expect(splitter.next()?.length).toBe(size);
  });
});
