import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { oldestUnrolledPage } from '../../shared/runtime/settings.ts';
import type { BrokerFunction } from './broker-function.ts';

/** What is worth looking at, with or without alarms. */
export type Metrics = {
  readonly oldestUnrolledPageAge: Metric;
  readonly throttledWrites: Metric;
  readonly transactionConflicts: Metric;
  readonly streamIteratorAge: Metric;
  readonly failures: Metric;
  readonly produceErrors: Metric;
};

export type MetricSources = {
  readonly table: ITable;
  readonly failures: IQueue;
  readonly pump: BrokerFunction;
  readonly produce: BrokerFunction;
};

const period = Duration.minutes(5);

export function metricsOf({ table, failures, pump, produce }: MetricSources): Metrics {
  const ofTable = (metricName: string): Metric =>
    new Metric({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensionsMap: { TableName: table.tableName },
      statistic: Stats.SUM,
      period,
    });
  return {
    oldestUnrolledPageAge: new Metric({
      namespace: oldestUnrolledPage.namespace,
      metricName: oldestUnrolledPage.name,
      dimensionsMap: { [oldestUnrolledPage.dimension]: table.tableName },
      statistic: Stats.MAXIMUM,
      period: Duration.hours(1),
    }),
    throttledWrites: ofTable('WriteKeyRangeThroughputThrottleEvents'),
    transactionConflicts: ofTable('TransactionConflict'),
    streamIteratorAge: pump.function.metric('IteratorAge', { statistic: Stats.MAXIMUM, period }),
    failures: failures.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, period }),
    produceErrors: produce.function.metricErrors({ statistic: Stats.SUM, period }),
  };
}

type Rule = { readonly threshold: number; readonly says: string };

const hourMs = 3_600_000;

/** Above what each metric is a reason to look. */
const rules: Readonly<Record<keyof Metrics, Rule>> = {
  oldestUnrolledPageAge: {
    threshold: 6 * hourMs,
    says: 'a page waits for more than 6 h to be rolled into S3',
  },
  throttledWrites: { threshold: 1_000, says: 'appends to one partition exceed what one DynamoDB key takes' },
  transactionConflicts: { threshold: 100, says: 'store transactions meet other writes of their items' },
  streamIteratorAge: { threshold: hourMs, says: 'the stream is read more than 1 h late; records last 24 h' },
  failures: { threshold: 0, says: 'an event or a job failed for good; see the queue' },
  produceErrors: { threshold: 0, says: 'the produce function failed' },
};

/** Six alarms, told to a topic: $0.10 a month each, beyond the ten that every account has free. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, metrics: Metrics, topic: ITopic) {
    super(scope, id);
    for (const [name, metric] of Object.entries(metrics)) {
      const { threshold, says } = rules[name as keyof Metrics];
      const alarm = new Alarm(this, name, {
        metric,
        threshold,
        alarmDescription: `Millrace: ${says}`,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: 1,
        // An idle log reports nothing.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(new SnsAction(topic));
      alarm.addOkAction(new SnsAction(topic));
    }
  }
}
