import { expect } from 'vitest';
import type { Ended, KafkaTool, ToolOptions } from '../kafka-tools.ts';
import type { Results } from '../results.ts';

/** What the tests of the tools work with. */
export type Bench = {
  readonly results: Results<KafkaTool>;
  /** Runs a tool against the broker; `args` are parted by blanks. */
  ask(tool: KafkaTool, args: string, options?: ToolOptions): Promise<Ended>;
  /** There once tests run. */
  bootstrap(): string;
};

/** The lines of what ended well. */
export function wellEnded({ status, lines, errors }: Ended): readonly string[] {
  expect({ status, errors }).toEqual({ status: 0, errors: expect.not.stringMatching(/Exception|error/i) });
  return lines;
}

export const topicOf = async ({ ask }: Bench, name: string, partitions: number): Promise<string> => {
  wellEnded(await ask('kafka-topics', `--create --topic ${name} --partitions ${partitions}`));
  return name;
};
