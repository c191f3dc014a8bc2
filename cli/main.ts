import { CommanderError } from 'commander';
import { systemClock } from '../shared/base/clock.ts';
import { systemRandom } from '../shared/base/random.ts';
import { processes } from './commands/processes.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure, exitCodes, messageOf } from './failure.ts';
import { Terminal } from './output/terminal.ts';
import { newProgram } from './program.ts';

/** Stands before the command when a program wants its errors as JSON, too. */
const wantsJson = (args: readonly string[]): boolean => args.includes('--json');

/** Hears of SIGINT and SIGTERM once somebody listens; the second time the process ends at once. */
function signalListener(): () => AbortSignal {
  const stopping = new AbortController();
  let isListening = false;
  return () => {
    if (isListening) return stopping.signal;
    isListening = true;
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        if (stopping.signal.aborted) process.exit(exitCodes.interrupted);
        stopping.abort();
      });
    }
    return stopping.signal;
  };
}

/** Runs the command of the arguments; the answer is the exit code. */
async function run(
  work: () => Promise<unknown>,
  args: readonly string[],
  context: CommandContext,
): Promise<number> {
  try {
    await work();
    return exitCodes.ok;
  } catch (error) {
    if (context.terminal.readerGone.aborted) return exitCodes.ok;
    // Commander has said what was wrong, or shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    context.terminal.note(explained(error, wantsJson(args)));
    return error instanceof CommandFailure ? error.exitCode : exitCodes.failed;
  }
}

function explained(error: unknown, isJson: boolean): string {
  const next = error instanceof CommandFailure ? error.next : undefined;
  if (isJson) return JSON.stringify({ error: { message: messageOf(error), ...(next ? { next } : {}) } });
  const lines = [`millrace: ${messageOf(error)}`, ...(next ? [next] : [])];
  if (!(error instanceof CommandFailure) && error instanceof Error) lines.push(error.stack ?? '');
  return lines.join('\n');
}

/** What `npx millrace` does. */
export async function main(args: readonly string[]): Promise<void> {
  const become = Object.hasOwn(processes, args[0] ?? '') ? processes[args[0] ?? ''] : undefined;
  const terminal = new Terminal(process, systemClock, process.env);
  const context: CommandContext = {
    terminal,
    random: systemRandom,
    environment: process.env,
    listenToSignals: signalListener(),
  };
  const work = (): Promise<unknown> =>
    become ? become(args.slice(1)) : newProgram(context).parseAsync(args, { from: 'user' });
  const code = await run(work, args, context);
  await terminal.flush();
  // A process that was started goes on, and ends by itself.
  if (become === undefined || code !== exitCodes.ok) process.exit(code);
}
