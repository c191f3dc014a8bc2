import { CommanderError } from 'commander';
import { systemClock } from '../shared/base/clock.ts';
import { systemRandom } from '../shared/base/random.ts';
import { processes } from './commands/processes.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure, exitCodes, messageOf } from './failure.ts';
import { Terminal } from './output/terminal.ts';
import { newProgram } from './program.ts';

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

/** Runs a command; the answer is the exit code. */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<number> {
  const { terminal } = context;
  try {
    await newProgram(context).parseAsync(args, { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    // Whoever read the answers wants no more of them, as `head` does: that is no failure.
    if (terminal.readerGone.aborted) return exitCodes.ok;
    // Commander has said what was wrong, or shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    terminal.note(explained(error, args.includes('--json')));
    return error instanceof CommandFailure ? error.exitCode : exitCodes.failed;
  }
}

function explained(error: unknown, isJson: boolean): string {
  const next = error instanceof CommandFailure ? error.next : undefined;
  if (isJson) return JSON.stringify({ error: { message: messageOf(error), ...(next ? { next } : {}) } });
  const lines = [`millrace: ${messageOf(error)}`, ...(next ? [next] : [])];
  // What no command expects is a fault of ours: whoever reports it has the place.
  if (!(error instanceof CommandFailure) && error instanceof Error) lines.push(error.stack ?? '');
  return lines.join('\n');
}

/** What `npx millrace` does. */
export async function main(args: readonly string[]): Promise<void> {
  const terminal = new Terminal(process, systemClock, process.env);
  const [name = '', ...rest] = args;
  try {
    const become = Object.hasOwn(processes, name) ? processes[name] : undefined;
    if (become !== undefined) return await become(rest);
  } catch (error) {
    terminal.note(explained(error, false));
    await terminal.flush();
    process.exit(exitCodes.failed);
  }
  const code = await runCommand(args, {
    terminal,
    random: systemRandom,
    environment: process.env,
    fetch,
    listenToSignals: signalListener(),
  });
  await terminal.flush();
  process.exit(code);
}
