import { Duration, Validations } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { streamedTypes } from '../../shared/runtime/settings.ts';
import type { BrokerFunction } from './broker-function.ts';

export type DriversProps = {
  readonly table: ITable;
  readonly pump: BrokerFunction;
  /** What `pump` starts, asynchronously. */
  readonly jobs: readonly BrokerFunction[];
};

/**
 * What sets the jobs going, so that idle is idle: the table's stream (one of the two readers that DynamoDB
 * allows; the other is the user's), filtered down to new pages, and one hourly rule that starts what a lost
 * event did not.
 */
export class Drivers extends Construct {
  /** Events and jobs that failed for good. */
  readonly failures: Queue;

  constructor(scope: Construct, id: string, props: DriversProps) {
    super(scope, id);
    this.failures = new Queue(this, 'Failures', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this.failures).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'This queue is the dead-letter queue.',
    });
    this.readStream(props);
    new Rule(this, 'Hourly', {
      description: 'Millrace: starts what a lost stream event did not',
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [new LambdaFunction(props.pump.function)],
    });
    for (const asynchronous of [props.pump, ...props.jobs]) {
      asynchronous.function.configureAsyncInvoke({
        onFailure: new SqsDestination(this.failures),
        retryAttempts: 2,
        maxEventAge: Duration.hours(6),
      });
    }
    letInvoke(props.pump, props.jobs);
  }

  private readStream({ pump, table }: DriversProps): void {
    pump.function.addEventSource(
      new DynamoEventSource(table, {
        // A page that was missed would wait for the hourly rule, so a new mapping begins with what is there.
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: 500,
        maxBatchingWindow: Duration.seconds(2),
        filters: [
          FilterCriteria.filter({
            eventName: FilterRule.isEqual('INSERT'),
            dynamodb: { NewImage: { t: { S: FilterRule.isEqual(streamedTypes.page) } } },
          }),
        ],
        retryAttempts: 5,
        bisectBatchOnError: true,
        onFailure: new SqsDlq(this.failures),
      }),
    );
    Validations.of(pump).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'dynamodb:ListStreams, which a stream mapping needs, knows no resource.',
    });
  }
}

/** Lets one function start others: exactly these, and no version or alias of them. */
const letInvoke = (starter: BrokerFunction, started: readonly BrokerFunction[]): void => {
  starter.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['lambda:InvokeFunction'],
      resources: started.map((job) => job.function.functionArn),
    }),
  );
};
