import { PassThrough, Readable } from 'node:stream';
import type { CommandContext } from '../../cli/context.ts';
import { runCommand } from '../../cli/main.ts';
import { Terminal } from '../../cli/output/terminal.ts';
import { systemClock } from '../../shared/base/clock.ts';
import { systemRandom } from '../../shared/base/random.ts';

export type CommandOutcome = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output, each line read as JSON. */
  json(): unknown[];
};

export type CommandOptions = {
  readonly url?: string;
  readonly input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly fetch?: typeof fetch;
  /** As SIGINT. */
  readonly signal?: AbortSignal;
  /** Hears of each piece of standard output. */
  readonly onOutput?: (text: string) => void;
};

/** Runs `millrace …` within this process, with streams of its own. */
export async function commandLine(
  args: readonly string[],
  { url, input = '', fetch: send = fetch, signal, onOutput }: CommandOptions = {},
): Promise<CommandOutcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const written = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  stdout.on('data', (chunk: Buffer) => {
    written.stdout.push(chunk);
    onOutput?.(String(chunk));
  });
  stderr.on('data', (chunk: Buffer) => written.stderr.push(chunk));
  const given = typeof input === 'string' || input instanceof Uint8Array ? [Buffer.from(input)] : input;
  const environment = url === undefined ? {} : { MILLRACE_URL: url };
  const stdin = Readable.from(given);
  const context: CommandContext = {
    terminal: new Terminal({ stdin, stdout, stderr }, systemClock, environment),
    random: systemRandom,
    environment,
    fetch: send,
    listenToSignals: () => signal ?? new AbortController().signal,
  };
  const code = await runCommand(args, context);
  await context.terminal.flush();
  const text = Buffer.concat(written.stdout).toString('utf8');
  return {
    code,
    stdout: text,
    stderr: Buffer.concat(written.stderr).toString('utf8'),
    json: () =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown),
  };
}
