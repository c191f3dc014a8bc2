import { describe, expect, test } from 'vitest';
import { BadUsage, readGatewayArguments } from '../../../gateway/arguments.ts';
import { GatewayMisconfigured, startGateway } from '../../../gateway/start-gateway.ts';

const read = (...args: string[]) => {
  const options = readGatewayArguments(args, { MILLRACE_TABLE: 'table-of-env', MILLRACE_BUCKET: '' });
  if (options === 'help') return options;
  const { log, ...rest } = options;
  expect(log).toBeDefined();
  return rest;
};

describe('the command line of a gateway', () => {
  test('gives what it says and leaves the rest to the gateway', () => {
    expect(read()).toEqual({ tableName: 'table-of-env', mode: 'direct' });
    const all = [
      ...['--stack', 'Shop', '--table', 't', '--bucket', 'b', '--region', 'eu-west-1'],
      ...['--endpoint', 'http://127.0.0.1:4566', '--mode', 'invoke', '--host', '0.0.0.0', '--port', '0'],
      ...['--advertised-host', 'kafka.internal', '--advertised-port', '29092', '--cluster'],
      ...['--broker-id', '4', '--default-partitions', '6', '--produce-linger-ms', '200', '--cache-mb', '0'],
      ...['--heartbeat-hold-ms', '12000'],
    ];
    expect(read(...all)).toEqual({
      stack: 'Shop',
      tableName: 't',
      bucketName: 'b',
      region: 'eu-west-1',
      endpoint: 'http://127.0.0.1:4566',
      mode: 'invoke',
      host: '0.0.0.0',
      port: 0,
      advertisedHost: 'kafka.internal',
      advertisedPort: 29_092,
      cluster: true,
      brokerId: 4,
      defaultPartitions: 6,
      lingerMs: 200,
      cacheBytesMax: 0,
      heartbeatHoldMs: 12_000,
    });
    expect(read('--cache-mb', '64')).toMatchObject({ cacheBytesMax: 67_108_864 });
    expect(read('--help')).toBe('help');
  });

  test.each([
    [['--port', '70000'], '--port is a whole number from 0 to 65535'],
    [['--port', '-1'], '--port'],
    [['--broker-id', '1.5'], '--broker-id'],
    [['--mode', 'proxy'], '--mode is one of direct, invoke'],
    [['--log-level', 'loud'], '--log-level is one of'],
    [['--cache-mb', ''], '--cache-mb'],
    [['--produce-linger-ms', '60000'], '--produce-linger-ms'],
    [['--heartbeat-hold-ms', '300001'], '--heartbeat-hold-ms is a whole number from 0 to 300000'],
    [['--tabel', 't'], '--tabel'],
    [['orders'], 'orders'],
  ])('%j is refused by name', (args, named) => {
    expect(() => readGatewayArguments(args)).toThrow(BadUsage);
    expect(() => readGatewayArguments(args)).toThrow(named);
  });
});

describe('a gateway that is told too little', () => {
  test('says that it needs a stack, or table and bucket', async () => {
    await expect(startGateway({ port: 0 })).rejects.toThrow('--stack');
    await expect(startGateway({ port: 0, tableName: 't' })).rejects.toThrow('--bucket');
  });

  test('in a cluster says that others need an address to send clients to', async () => {
    const options = { port: 0, tableName: 't', bucketName: 'b', cluster: true, host: '0.0.0.0' };
    await expect(startGateway(options)).rejects.toThrow(GatewayMisconfigured);
    await expect(startGateway(options)).rejects.toThrow('--advertised-host');
  });
});
