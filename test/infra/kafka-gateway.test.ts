import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type IVpc, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { describe, expect, test } from 'vitest';
import type { GatewayMode } from '../../infra/constructs/gateway-rights.ts';
import { KafkaGateway, type KafkaGatewayProps } from '../../infra/constructs/kafka-gateway.ts';
import { gatewayImageFolder } from '../../infra/gateway-image.ts';
import { Millrace } from '../../infra/millrace.ts';
import {
  list,
  logicalIdOf,
  newApp,
  type Resource,
  type Resources,
  type Statement,
  statementsOfRole,
  synth,
} from './synth.ts';

const modes: GatewayMode[] = ['direct', 'invoke'];

function withGateway(props: Partial<KafkaGatewayProps> = {}) {
  const stack = new Stack(newApp(), 'Host');
  const log = new Millrace(stack, 'Log');
  const vpc = new Vpc(stack, 'Vpc', { natGateways: 0, maxAzs: 2 }) as unknown as IVpc;
  const gateway = new KafkaGateway(stack, 'Gateway', { log, vpc, ...props });
  return { stack, log, vpc, gateway };
}
const synthesized = (props: Partial<KafkaGatewayProps> = {}) => {
  const made = withGateway(props);
  const template = Template.fromStack(made.stack);
  return { ...made, template, resources: template.toJSON().Resources as Resources };
};

/** What a role may do, a line a statement: actions, and the keys of items or what the resource ends with. */
const linesOf = (statements: readonly Statement[]): string[] =>
  statements.map(({ Action, Resource, Condition }) => {
    const keys = Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'];
    const on =
      keys ?? list(Resource).map((resource) => /\/(stage|log)\/\*/.exec(JSON.stringify(resource))?.[0]);
    const actions = [...list(Action)].sort().map((action) => action.replace(/^dynamodb:/, ''));
    return `${JSON.stringify(on)}: ${actions.join(' ')}`;
  });

describe('the right to run a gateway', () => {
  const statementsFor = (mode: GatewayMode) => {
    const made: { role?: Role } = {};
    const { stack, resources } = synth({}, (stack) => {
      made.role = new Role(stack, 'Sidecar', { assumedBy: new AccountRootPrincipal() });
      stack.log.grantGateway(made.role, mode);
    });
    const statements = statementsOfRole(resources, logicalIdOf(stack, made.role as Role));
    return { stack, statements };
  };

  test('in mode invoke is to invoke three functions, and nothing else', () => {
    const { stack, statements } = statementsFor('invoke');
    expect(statements).toHaveLength(1);
    const [{ Action, Resource, Effect }] = statements as [Statement];
    expect([Effect, Action]).toEqual(['Allow', 'lambda:InvokeFunction']);
    const { produce, fetch, control } = stack.log.functions;
    const ids = [produce, fetch, control].map(({ function: lambda }) => logicalIdOf(stack, lambda));
    const named = list(Resource).map((arn) => (arn as { 'Fn::GetAtt': [id: string] })['Fn::GetAtt'][0]);
    expect(named.sort()).toEqual(ids.sort());
  });

  test('in mode direct is to append, read and coordinate, and deletes no records', () => {
    const { statements } = statementsFor('direct');
    expect(linesOf(statements).sort()).toEqual(
      [
        '["catalog"]: BatchGetItem ConditionCheckItem DeleteItem GetItem PutItem Query UpdateItem',
        '["p#*"]: BatchGetItem ConditionCheckItem DeleteItem GetItem PutItem UpdateItem',
        '["i#*"]: BatchGetItem GetItem PutItem Query UpdateItem',
        '["b#*"]: BatchGetItem GetItem PutItem Query UpdateItem',
        '["g#*"]: BatchGetItem DeleteItem GetItem PutItem Query UpdateItem',
        '["/stage/*"]: s3:GetObject s3:PutObject',
        '["/log/*"]: s3:GetObject',
        '[null]: s3:ListBucket',
      ].sort(),
    );
  });
});

describe('a gateway in a VPC', () => {
  test.each(modes)('in mode %s runs one task that listens, told where its data is', (mode) => {
    const { template, resources, stack, log } = synthesized({ mode });
    template.hasResourceProperties('AWS::ECS::Service', { DesiredCount: 1, LaunchType: 'FARGATE' });
    const [task] = Object.values(resources).filter(({ Type }) => Type === 'AWS::ECS::TaskDefinition');
    const [container] = (task as Resource).Properties.ContainerDefinitions as [Record<string, unknown>];
    const told = (container.Environment as { Name: string; Value: { Ref: string } }[]).map(
      ({ Name, Value }) => [Name, Value.Ref],
    );
    const { produce, fetch, control } = log.functions;
    const functions = Object.entries({ PRODUCE: produce, FETCH: fetch, CONTROL: control }).map(
      ([name, { function: lambda }]) => [`MILLRACE_${name}_FUNCTION`, logicalIdOf(stack, lambda)],
    );
    const data = [
      ['MILLRACE_TABLE', logicalIdOf(stack, log.table)],
      ['MILLRACE_BUCKET', logicalIdOf(stack, log.bucket)],
    ];
    expect(told).toEqual(mode === 'direct' ? data : functions);
    expect(container.Command).toEqual([
      ...['--mode', mode, '--host', '0.0.0.0', '--port', '9092'],
      ...['--advertised-host', 'kafka.millrace.internal'],
    ]);
    expect(container.ReadonlyRootFilesystem).toBe(true);
  });

  test('lets nobody in until it is told whom', () => {
    synthesized().template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    const { stack, vpc, gateway } = withGateway();
    gateway.allowFrom(new SecurityGroup(stack, 'Clients', { vpc }));
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { FromPort: 9092, ToPort: 9092 });
    expect(gateway.bootstrapServers).toBe('kafka.millrace.internal:9092');
  });

  test('is a folder with a Dockerfile and one program, with no address of a registry of packages', () => {
    const folder = gatewayImageFolder();
    expect(readdirSync(folder).sort()).toEqual(['Dockerfile', 'main.mjs', 'package.json']);
    expect(readFileSync(join(folder, 'Dockerfile'), 'utf8')).toMatch(/^FROM \S+node:24-slim\n/);
    const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const own = JSON.parse(readFileSync('package.json', 'utf8')).dependencies;
    expect(Object.keys(dependencies)).toEqual(['@node-rs/crc32']);
    expect(dependencies['@node-rs/crc32']).toBe(own['@node-rs/crc32']);
  });

  test('is off unless somebody makes one', () => {
    const types = Object.values(synth().resources).map(({ Type }) => Type);
    expect(types.filter((type) => /ECS|EC2|ServiceDiscovery/.test(type))).toEqual([]);
  });

  test('refuses less than one task', () => {
    expect(() => withGateway({ tasks: 0 })).toThrow(/tasks must be 1 or more, not 0/);
  });
});
