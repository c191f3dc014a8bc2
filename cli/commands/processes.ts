import type { Command } from 'commander';

/** Commands that become another program of Millrace, which reads its own arguments and signals. */
export const processes: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  serve: async (args) => {
    const { serve } = await import('../../local/serve.ts');
    await serve(args, 'millrace serve');
  },
};

/** Names them in the help; `main` starts them before any argument is read. */
export function addProcesses(program: Command): void {
  program
    .command('serve')
    .description('Run Millrace here: a Kafka port and the HTTP door in one process, as `npm start`.')
    .usage('[options]   (`millrace serve --help` lists them)');
}
