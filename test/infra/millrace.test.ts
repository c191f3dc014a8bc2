import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { Millrace } from '../../infra/millrace.ts';
import { MillraceStack } from '../../infra/millrace-stack.ts';
import { functionNames } from '../../shared/runtime/settings.ts';
import { apis, logicalIdOf, newApp, ofType, type Resource, synth } from './synth.ts';

const byDefault = synth();

describe('the data', () => {
  test('the table is on demand, keyed, streamed, expiring, recoverable and hard to lose', () => {
    byDefault.template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 7 },
        DeletionProtectionEnabled: true,
      },
    });
  });

  test('the bucket is versioned, private, owner-enforced, and forgets what jobs deleted after the recovery period', () => {
    byDefault.template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        LifecycleConfiguration: {
          Rules: Match.arrayWith([
            Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: 7 }, Status: 'Enabled' }),
            Match.objectLike({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }),
          ]),
        },
      },
    });
    byDefault.template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  test('one setting decides how far both can be brought back', () => {
    const { template } = synth({ recoveryDays: 35 });
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      PointInTimeRecoverySpecification: { RecoveryPeriodInDays: 35 },
    });
    template.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: {
        Rules: Match.arrayWith([Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: 35 } })]),
      },
    });
    for (const recoveryDays of [0, 36, 1.5]) expect(() => synth({ recoveryDays })).toThrow(/1 to 35/);
  });

  test('a key of the user encrypts both, and the functions may use it through them only', () => {
    const stack = new Stack(newApp(), 'Host');
    const log = new Millrace(stack, 'Log', { encryptionKey: new Key(stack, 'Key') });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
    });
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } },
        ],
      },
    });
    expect(log.table.tableArn).toBeDefined();
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
            Condition: { StringEquals: { 'kms:ViaService': Match.anyValue() } },
          }),
        ]),
      },
    });
  });

  test('removal: destroy takes everything with it', () => {
    const { template } = synth({ removal: 'destroy' });
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Delete',
      Properties: { DeletionProtectionEnabled: false },
    });
    template.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
    template.resourceCountIs('Custom::MillraceEmptyBucket', 1);
    byDefault.template.resourceCountIs('Custom::MillraceEmptyBucket', 0);
  });

  test('names are generated, so a second stack stands beside the first', () => {
    const named = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::Lambda::Function', 'AWS::SQS::Queue'];
    const fixed = Object.values(byDefault.resources)
      .filter(({ Type }) => named.includes(Type))
      .flatMap(({ Properties }) =>
        Object.keys(Properties).filter((name) => /^(Table|Bucket|Function|Queue)Name$/.test(name)),
      );
    expect(fixed).toEqual([]);
  });
});

describe('existing data', () => {
  const existing = { tableName: 'kept-table', bucketName: 'kept-bucket' };

  test('is taken over by its names: no table and no bucket is made', () => {
    const { template, resources } = synth({ existing });
    template.resourceCountIs('AWS::DynamoDB::Table', 0);
    template.resourceCountIs('AWS::S3::Bucket', 0);
    template.resourceCountIs('Custom::MillraceFindStream', 1);
    for (const name of functionNames) {
      const found = ofType(resources, 'AWS::Lambda::Function').find(({ Properties }) =>
        JSON.stringify(Properties.Environment ?? {}).includes('kept-table'),
      );
      expect(found, name).toBeDefined();
    }
  });

  test('with the ARN of the stream nothing has to be looked up', () => {
    const tableStreamArn =
      'arn:aws:dynamodb:eu-west-1:111122223333:table/kept-table/stream/2026-11-01T00:00:00.000';
    const { template } = synth({ existing: { ...existing, tableStreamArn } });
    template.resourceCountIs('Custom::MillraceFindStream', 0);
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', { EventSourceArn: tableStreamArn });
  });

  test('is never destroyed', () => {
    expect(() => synth({ existing, removal: 'destroy' })).toThrow(/never destroyed/);
  });
});

describe('the functions', () => {
  const sizes: [name: string, memoryMb: number, timeoutSeconds: number][] = [
    ['produce', 512, 15],
    ['fetch', 512, 15],
    ['rest', 512, 29],
    ['control', 512, 29],
    ['pump', 256, 60],
    ['roll', 1769, 900],
    ['retain', 1769, 900],
    ['sweep', 1769, 900],
  ];
  const propertiesOf = (name: string): Record<string, unknown> => {
    const { stack, resources } = byDefault;
    const { function: lambda } = stack.log.functions[name as (typeof functionNames)[number]];
    return (resources[logicalIdOf(stack, lambda)] as Resource).Properties;
  };

  test('are these and no others', () => {
    expect(sizes.map(([name]) => name).sort()).toEqual([...functionNames].sort());
    byDefault.template.resourceCountIs('AWS::Lambda::Function', sizes.length);
  });

  test.each(sizes)('%s has %i MB and %i s, on arm64 and the newest Node', (name, memory, timeout) => {
    expect(propertiesOf(name)).toMatchObject({
      MemorySize: memory,
      Timeout: timeout,
      Architectures: ['arm64'],
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
    });
  });

  test.each(functionNames)('%s logs JSON, warnings only, into a group of its own that forgets', (name) => {
    const { LogGroup } = propertiesOf(name).LoggingConfig as { LogGroup: { Ref: string } };
    expect(propertiesOf(name).LoggingConfig).toMatchObject({
      LogFormat: 'JSON',
      ApplicationLogLevel: 'WARN',
      SystemLogLevel: 'WARN',
    });
    expect(byDefault.resources[LogGroup.Ref]?.Properties.RetentionInDays).toBe(14);
  });

  test.each(functionNames)('%s is in no VPC, is not traced and reserves no concurrency', (name) => {
    expect(propertiesOf(name)).not.toHaveProperty('VpcConfig');
    expect(propertiesOf(name)).not.toHaveProperty('TracingConfig');
    expect(propertiesOf(name)).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  test('maxConcurrency is reserved for the functions at the door', () => {
    const { resources } = synth({ maxConcurrency: 50 });
    const reserved = ofType(resources, 'AWS::Lambda::Function').filter(
      ({ Properties }) => Properties.ReservedConcurrentExecutions === 50,
    );
    expect(reserved.map(({ Properties }) => Properties.Timeout).sort()).toEqual([15, 15, 29, 29]);
  });
});

describe('the drivers', () => {
  test('the stream wakes pump for new pages only, and what fails goes to the queue', () => {
    byDefault.template.resourceCountIs('AWS::Lambda::EventSourceMapping', 1);
    byDefault.template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FilterCriteria: {
        Filters: [
          { Pattern: JSON.stringify({ eventName: ['INSERT'], dynamodb: { NewImage: { t: { S: ['p'] } } } }) },
        ],
      },
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 5,
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
    });
  });

  test('one rule, not a schedule, wakes pump every hour', () => {
    byDefault.template.resourceCountIs('AWS::Events::Rule', 1);
    byDefault.template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(1 hour)' });
    byDefault.template.resourceCountIs('AWS::Scheduler::Schedule', 0);
  });

  test('pump and the jobs tell the queue what failed for good', () => {
    const configs = ofType(byDefault.resources, 'AWS::Lambda::EventInvokeConfig');
    expect(configs).toHaveLength(4);
    for (const { Properties } of configs) {
      expect(Properties).toMatchObject({ MaximumRetryAttempts: 2, DestinationConfig: { OnFailure: {} } });
    }
  });
});

describe('alarms', () => {
  test('there are none unless a topic is named, and then six', () => {
    byDefault.template.resourceCountIs('AWS::CloudWatch::Alarm', 0);
    const stack = new Stack(newApp(), 'Host');
    new Millrace(stack, 'Log', { alarms: new Topic(stack, 'Pager') });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::CloudWatch::Alarm', 6);
    template.allResourcesProperties('AWS::CloudWatch::Alarm', {
      TreatMissingData: 'notBreaching',
      AlarmActions: Match.anyValue(),
      AlarmDescription: Match.stringLikeRegexp('^Millrace: '),
    });
  });
});

describe('in somebody else’s app', () => {
  test('it stands beside other resources, twice if wanted, with its tag on everything that takes tags', () => {
    const app = newApp();
    const stack = new Stack(app, 'Shop');
    new Queue(stack, 'Theirs');
    const first = new Millrace(stack, 'Log');
    const second = new Millrace(stack, 'Audit', { api: 'functionUrl' });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::DynamoDB::Table', 2);
    expect(Object.keys(first.urls)).toEqual(['Url']);
    expect(Object.keys(second.urls)).toEqual(['Url', 'ProduceUrl', 'FetchUrl']);
    const tagsOf = (type: string) =>
      Object.values(template.findResources(type)).map(({ Properties }) => JSON.stringify(Properties.Tags));
    for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::IAM::Role', 'AWS::Logs::LogGroup']) {
      for (const tags of tagsOf(type)) expect(tags).toMatch(/millrace:cluster","Value":"Shop\/(Log|Audit)"/);
    }
    template.hasResourceProperties('AWS::SQS::Queue', { Tags: Match.absent() });
    expect(template.toJSON().Outputs ?? {}).toEqual({});
  });

  test('metrics can be had without alarms', () => {
    const { log } = new MillraceStack(newApp(), 'Metrics');
    const names = [
      log.metricOldestUnrolledPageAge(),
      log.metricThrottledWrites(),
      log.metricTransactionConflicts(),
      log.metricStreamIteratorAge(),
      log.metricFailures(),
      log.metricProduceErrors(),
    ].map(({ metricName }) => metricName);
    expect(names).toEqual([
      'OldestUnrolledPageAge',
      'WriteKeyRangeThroughputThrottleEvents',
      'TransactionConflict',
      'IteratorAge',
      'ApproximateNumberOfMessagesVisible',
      'Errors',
    ]);
  });
});

describe('outputs', () => {
  test.each(apis)('%s prints where it answers, a first call, and the names to take over', (api) => {
    const outputs = synth({ api }).template.toJSON().Outputs as Record<string, { Value: unknown }>;
    const urls = api === 'functionUrl' ? ['FetchUrl', 'ProduceUrl', 'Url'] : ['Url'];
    const invoked = ['ProduceFunction', 'FetchFunction', 'ControlFunction']; // by gateways
    const wanted = ['BucketName', 'ExampleCall', 'TableName', ...invoked, ...urls];
    expect(Object.keys(outputs).sort()).toEqual(wanted.sort());
    expect(JSON.stringify(outputs.ExampleCall)).toContain('curl --aws-sigv4');
    expect(JSON.stringify(outputs.ExampleCall)).toContain(api === 'functionUrl' ? ':lambda' : ':execute-api');
  });
});

describe('props that contradict each other are refused', () => {
  const jwt = { issuer: 'https://issuer.example', audience: ['millrace'] };
  test.each([
    [{ api: 'rest', jwt }, /jwt is for api: "http"/],
    [{ apiKeys: ['a'] }, /apiKeys is for api: "rest"/],
    [{ api: 'functionUrl', throttle: { rateLimit: 1, burstLimit: 1 } }, /no throttle/],
    [{ corsOrigins: ['*'] }, /must name origins/],
  ] as const)('%j', (props, message) => {
    expect(() => synth(props)).toThrow(message);
  });
});
