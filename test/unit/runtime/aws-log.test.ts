import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { openAwsLog } from '../../../shared/runtime/aws-log.ts';

const clock = new ManualClock(Date.UTC(2026, 10, 24));

function linesOf(level: string | undefined, say: (log: ReturnType<typeof openAwsLog>) => void) {
  const lines: string[] = [];
  say(openAwsLog({ clock, level, functionName: 'f', write: (line) => lines.push(line) }));
  return lines.map((line) => JSON.parse(line));
}

describe('the log of a function', () => {
  test('is one JSON object a line, with what Lambda filters and sorts by', () => {
    const [line] = linesOf('WARN', (log) => log.warn('slow', { topic: 'orders', offset: 12n }));
    expect(line).toEqual({
      timestamp: '2026-11-24T00:00:00.000Z',
      level: 'WARN',
      message: 'slow',
      function: 'f',
      topic: 'orders',
      offset: '12',
    });
  });

  test('says nothing below its level, and warnings when Lambda names none', () => {
    const say = (log: ReturnType<typeof openAwsLog>) => {
      log.debug('d');
      log.info('i');
      log.warn('w');
      log.error('e');
    };
    expect(linesOf('ERROR', say).map(({ message }) => message)).toEqual(['e']);
    expect(linesOf(undefined, say).map(({ message }) => message)).toEqual(['w', 'e']);
    expect(linesOf('DEBUG', say)).toHaveLength(4);
  });

  test('an error keeps its stack and its cause', () => {
    const error = new Error('outer', { cause: new Error('inner') });
    const [line] = linesOf('WARN', (log) => log.error('failed', { error }));
    expect(line.error).toContain('outer');
    expect(line.error).toContain('inner');
    expect(line.error).toContain('aws-log.test.ts');
  });
});
