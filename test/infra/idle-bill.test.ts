import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { Millrace } from '../../infra/millrace.ts';
import { apis, newApp, type Resource, type Resources, synth } from './synth.ts';

/**
 * What a resource costs in a month in which nothing is called, in US dollars (us-east-1, November 2026), and
 * why. A type that is not here fails the test: somebody has to look its price up first.
 */
const idlePrices: Readonly<
  Record<string, (properties: Record<string, unknown>) => [dollars: number, why: string]>
> = {
  'AWS::DynamoDB::Table': ({ BillingMode }) =>
    BillingMode === 'PAY_PER_REQUEST'
      ? [0, 'on demand; stream reads by Lambda are free']
      : [99, 'provisioned'],
  'AWS::S3::Bucket': () => [0, 'by object and request'],
  'AWS::S3::BucketPolicy': () => [0, 'free'],
  'AWS::Lambda::Function': ({ VpcConfig, TracingConfig }) =>
    VpcConfig || TracingConfig ? [99, 'a VPC needs paid ways out, traces are stored'] : [0, 'by call'],
  'AWS::Lambda::Permission': () => [0, 'free'],
  'AWS::Lambda::Url': () => [0, 'free'],
  'AWS::Lambda::EventInvokeConfig': () => [0, 'free'],
  'AWS::Lambda::EventSourceMapping': ({ ProvisionedPollerConfig }) =>
    ProvisionedPollerConfig ? [99, 'provisioned pollers'] : [0, 'polling a DynamoDB stream is free'],
  'AWS::Logs::LogGroup': () => [0, 'by GB'],
  'AWS::SQS::Queue': () => [0, 'by request'],
  'AWS::SQS::QueuePolicy': () => [0, 'free'],
  'AWS::Events::Rule': ({ ScheduleExpression }) =>
    // The rule is free; each hour pump runs for less than a second of 256 MB.
    ScheduleExpression === 'rate(1 hour)'
      ? [730 * (0.0000002 + 0.25 * 0.0000133334), '730 short calls']
      : [99, 'oftener'],
  'AWS::IAM::Role': () => [0, 'free'],
  'AWS::IAM::Policy': () => [0, 'free'],
  'AWS::ApiGatewayV2::Api': () => [0, 'by call'],
  'AWS::ApiGatewayV2::Stage': () => [0, 'free'],
  'AWS::ApiGatewayV2::Route': () => [0, 'free'],
  'AWS::ApiGatewayV2::Integration': () => [0, 'free'],
  'AWS::ApiGateway::RestApi': () => [0, 'by call'],
  'AWS::ApiGateway::Deployment': () => [0, 'free'],
  'AWS::ApiGateway::Stage': ({ CacheClusterEnabled }) =>
    CacheClusterEnabled ? [14, 'a cache'] : [0, 'free'],
  'AWS::ApiGateway::Resource': () => [0, 'free'],
  'AWS::ApiGateway::Method': () => [0, 'free'],
  'AWS::CloudWatch::Alarm': () => [0.1, 'beyond the ten that are free'],
  'AWS::SNS::Topic': () => [0, 'by message'],
};

function billOf(resources: Resources): { dollars: number; unknown: string[] } {
  const lines = Object.values(resources).map(({ Type, Properties }: Resource) => ({
    type: Type,
    price: idlePrices[Type]?.(Properties ?? {}),
  }));
  return {
    dollars: lines.reduce((sum, { price }) => sum + (price?.[0] ?? 0), 0),
    unknown: lines.filter(({ price }) => price === undefined).map(({ type }) => type),
  };
}

describe('an idle month', () => {
  test.each(apis)('%s costs less than a cent, line by line', (api) => {
    const { dollars, unknown } = billOf(synth({ api }).resources);
    expect(unknown).toEqual([]);
    expect(dollars).toBeLessThan(0.01);
  });

  test('six alarms cost 60 cents, which is why they are off by default', () => {
    const stack = new Stack(newApp(), 'Host');
    new Millrace(stack, 'Log', { alarms: new Topic(stack, 'Pager') });
    const { dollars, unknown } = billOf(Template.fromStack(stack).toJSON().Resources as Resources);
    expect(unknown).toEqual([]);
    expect(dollars).toBeCloseTo(0.6, 1);
  });

  test('a paid setting would be seen', () => {
    const table = { Type: 'AWS::DynamoDB::Table', Properties: { BillingMode: 'PROVISIONED' } };
    expect(billOf({ table }).dollars).toBeGreaterThan(1);
    expect(billOf({ nat: { Type: 'AWS::EC2::NatGateway', Properties: {} } }).unknown).toEqual([
      'AWS::EC2::NatGateway',
    ]);
  });
});
