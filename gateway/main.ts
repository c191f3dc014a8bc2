import { BadUsage, readGatewayArguments, usage } from './arguments.ts';
import { GatewayMisconfigured, startGateway } from './start-gateway.ts';

async function main(): Promise<void> {
  const options = readGatewayArguments(process.argv.slice(2), process.env);
  if (options === 'help') {
    process.stdout.write(usage);
    return;
  }
  const gateway = await startGateway(options);
  const stop = (): Promise<void> => gateway.stop();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void stop().then(() => process.exit(0), fail));
  void gateway.lost.then((reason) => stop().then(() => fail(reason), fail));
  process.stdout.write(`millrace gateway ready kafka=${gateway.bootstrapServers}\n`);
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`millrace gateway: ${message}\n${error instanceof BadUsage ? `\n${usage}` : ''}`);
  process.exit(error instanceof BadUsage || error instanceof GatewayMisconfigured ? 2 : 1);
}

main().catch(fail);
