import { AwsNotUsable } from '../shared/runtime/aws-advice.ts';
import { DataNotNamed } from '../shared/runtime/aws-gateway.ts';
import { BadUsage, readGatewayArguments, usage } from './arguments.ts';
import { FunctionsNotNamed } from './invoke/open-invoke-gateway.ts';
import { GatewayMisconfigured, startGateway } from './start-gateway.ts';

/** What was asked for cannot be meant: nothing was done. */
const misuses = [BadUsage, GatewayMisconfigured, DataNotNamed, FunctionsNotNamed] as const;

/**
 * Runs a gateway until SIGTERM or SIGINT, as the arguments say. `command` is how the user calls it, for the
 * usage. Ends the process by itself: with 0, with 2 when what was asked for cannot be meant, else with 1.
 */
export function serveGateway(args: readonly string[], command: string): Promise<void> {
  const fail = (error: unknown): void => {
    const message = error instanceof Error ? error.message : String(error);
    const next = error instanceof AwsNotUsable ? `${error.next}\n` : '';
    const shown = error instanceof BadUsage ? `\n${usage(command)}` : next;
    process.stderr.write(`millrace gateway: ${message}\n${shown}`);
    process.exit(misuses.some((kind) => error instanceof kind) ? 2 : 1);
  };
  return run(args, command, fail).catch(fail);
}

async function run(args: readonly string[], command: string, fail: (error: unknown) => void): Promise<void> {
  const options = readGatewayArguments(args, process.env);
  if (options === 'help') {
    process.stdout.write(usage(command));
    return;
  }
  const gateway = await startGateway(options);
  const stop = (): Promise<void> => gateway.stop();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void stop().then(() => process.exit(0), fail));
  void gateway.lost.then((reason) => stop().then(() => fail(reason), fail));
  process.stdout.write(`millrace gateway ready kafka=${gateway.bootstrapServers}\n`);
}
