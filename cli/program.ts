import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addCluster } from './commands/cluster.ts';
import { addCompletion } from './commands/completion.ts';
import { addConsume } from './commands/consume.ts';
import { addGroups } from './commands/groups.ts';
import { addProcesses } from './commands/processes.ts';
import { addProduce } from './commands/produce.ts';
import { addTopics } from './commands/topics.ts';
import type { CommandContext } from './context.ts';

const closing = `
Where: --url ADDRESS or MILLRACE_URL (default http://127.0.0.1:8082), or --stack NAME for one on AWS.
Exit codes: 0 done, 1 failed, 2 called wrongly (nothing was done), 130 stopped before the end.
`;

/** All commands. */
export function newProgram(context: CommandContext): Command {
  const { terminal } = context;
  const program = new Command('millrace')
    .description('A Kafka that costs nothing while nothing flows.')
    .version(versionOf(), '-V, --version')
    .helpCommand('help [command]', 'Show how a command is used.')
    .showSuggestionAfterError()
    .showHelpAfterError('(--help says how it is used)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.write(text),
      writeErr: (text) => terminal.note(text.trimEnd()),
    })
    .addHelpText('after', closing);
  addProcesses(program);
  addTopics(program, context);
  addProduce(program, context);
  addConsume(program, context);
  addGroups(program, context);
  addCluster(program, context);
  addCompletion(program, context);
  for (const command of descendants(program)) command.copyInheritedSettings(program);
  return program;
}

/** Every command below, at any depth. */
export const descendants = (command: Command): Command[] =>
  command.commands.flatMap((below) => [below, ...descendants(below)]);

/** The package's; from `cli/` in a clone, from `dist/cli/` in the package. */
function versionOf(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string })
        .version;
    } catch {
      // The other place has it.
    }
  }
  return 'unknown';
}
