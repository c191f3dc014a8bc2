import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, test } from 'vitest';
import { KafkaGateway } from '../../infra/constructs/kafka-gateway.ts';
import type { MillraceProps } from '../../infra/millrace.ts';
import { MillraceStack } from '../../infra/millrace-stack.ts';
import { apis, context } from './synth.ts';

type Report = {
  pluginReports: { violations: { ruleName: string; violatingConstructs: { constructPath?: string }[] }[] }[];
};

/** Violations, of AWS Solutions and of the CDK's own check of templates, that nobody has answered. */
function violationsIn(fill: (app: App) => void): string[] {
  const outdir = mkdtempSync(join(tmpdir(), 'millrace-nag-'));
  try {
    const app = new App({ outdir, context });
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    fill(app);
    let isClean = true;
    try {
      app.synth();
    } catch (error) {
      if ((error as Error).name !== 'ValidationFailed') throw error;
      isClean = false;
    }
    const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as Report;
    const violations = report.pluginReports.flatMap((plugin) =>
      plugin.violations.flatMap(({ ruleName, violatingConstructs }) =>
        violatingConstructs.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
      ),
    );
    expect(isClean).toBe(violations.length === 0);
    return violations;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

const existing = { tableName: 'kept-table', bucketName: 'kept-bucket' };
const variants: [name: string, props: MillraceProps][] = [
  ...apis.map((api): [string, MillraceProps] => [api, { api }]),
  ['existing data', { existing }],
  ['removal: destroy', { removal: 'destroy' }],
  ['CORS', { api: 'rest', corsOrigins: ['https://shop.example'] }],
];

test.each(variants)('%s: no rule of AWS Solutions is broken without a reason beside it', (_, props) => {
  expect(violationsIn((app) => new MillraceStack(app, 'Millrace', props))).toEqual([]);
});

test.each(['direct', 'invoke'] as const)('no rule is broken by a Kafka gateway in mode %s', (mode) => {
  const violations = violationsIn((app) => {
    const stack = new MillraceStack(app, 'Millrace');
    const vpc = new Vpc(stack, 'Vpc', { natGateways: 0, maxAzs: 2 }) as unknown as IVpc;
    new KafkaGateway(stack, 'Gateway', { log: stack.log, vpc, mode });
  });
  expect(violations.filter((violation) => !violation.includes('/Vpc/'))).toEqual([]);
});

test('a broken rule would be seen', () => {
  const violations = violationsIn((app) => new Queue(new Stack(app, 'Careless'), 'Open'));
  expect(violations).toContain('AwsSolutions-SQS4 at Careless/Open/Resource');
});
