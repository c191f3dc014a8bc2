import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A TypeScript program of this repository in a process of its own, and the lines it writes. */
export type Child = {
  readonly pid: number;
  readonly lines: readonly string[];
  /**
   * Resolves with the first line, so far or to come, that is `isRight`; rejects when the process ends before.
   */
  line(isRight: (line: string) => boolean): Promise<string>;
  /** Ends it with SIGKILL, if it has not ended, and resolves when it is gone and its output is read. */
  kill(): Promise<void>;
  /** Resolves when it has ended by itself. */
  ended(): Promise<void>;
};

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** `limitFileBytes`: no file may grow beyond it, as on a full disk. */
export function startChild(
  program: string,
  args: readonly string[],
  options: SpawnOptions & { limitFileBytes?: number } = {},
): Child {
  const { limitFileBytes, ...spawnOptions } = options;
  const command = [process.execPath, '--import', 'tsx', program, ...args];
  // `ulimit -f` of sh counts blocks of 512 bytes.
  const limited = ['sh', '-c', `ulimit -f ${Math.floor((limitFileBytes ?? 0) / 512)}; exec "$@"`, 'sh'];
  const [file = '', ...rest] = limitFileBytes === undefined ? command : [...limited, ...command];
  const child = spawn(file, rest, {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'ignore'],
    ...spawnOptions,
  });
  return follow(child);
}

function follow(child: ChildProcess): Child {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const look of waiting) look();
  };
  let isOver = false;
  const over = Promise.all([once(child, 'exit'), readLines(child, lines, wake)]).then(() => {
    isOver = true;
    wake();
  });
  const line = (isRight: (line: string) => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find(isRight);
        if (found === undefined && !isOver) return;
        waiting.delete(look);
        if (found !== undefined) resolve(found);
        else reject(new Error(`the process ended first; its last lines: ${lines.slice(-5).join('\n')}`));
      };
      waiting.add(look);
      look();
    });
  return {
    pid: child.pid ?? 0,
    lines,
    line,
    kill: async () => {
      child.kill('SIGKILL');
      await over;
    },
    ended: () => over,
  };
}

async function readLines(child: ChildProcess, lines: string[], wake: () => void): Promise<void> {
  if (child.stdout === null) return;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    wake();
  }
}
