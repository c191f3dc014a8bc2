import type { Command } from 'commander';
import { loadSdk } from '../aws/load-sdk.ts';

/** Commands that become another program of Millrace, which reads its own arguments and signals. */
export const processes: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  serve: async (args) => {
    const { serve } = await import('../../local/serve.ts');
    await serve(args, 'millrace serve');
  },
  gateway: async (args) => {
    const { serveGateway } = await loadSdk(() => import('../../gateway/serve-gateway.ts'));
    await serveGateway(args, 'millrace gateway');
  },
};

/** Names them in the help; `main` starts them before any argument is read. */
export function addProcesses(program: Command): void {
  program
    .command('serve')
    .description('Run Millrace here: a Kafka port and the HTTP door in one process, as `npm start`.')
    .usage('[options]   (`millrace serve --help` lists them)');
  program
    .command('gateway')
    .description('Run a Kafka port on a Millrace in AWS.')
    .usage('[options]   (`millrace gateway --help` lists them)');
}
