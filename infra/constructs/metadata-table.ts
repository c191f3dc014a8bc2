import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  type ITable,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

export type MetadataTableProps = {
  readonly removal: 'retain' | 'destroy';
  readonly recoveryDays: number;
  readonly encryptionKey?: IKey;
};

/**
 * The table of all items: heads, pages, segments, payloads, the catalog. On demand, so that idle is free;
 * with a stream of new images, expiry and point-in-time recovery. It outlives its stack unless told
 * otherwise. Never a global table: last-writer-wins would break every condition that the log stands on.
 */
export const newMetadataTable = (scope: Construct, id: string, props: MetadataTableProps): ITable =>
  new Table(scope, id, {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    stream: StreamViewType.NEW_IMAGE,
    timeToLiveAttribute: 'ttl',
    pointInTimeRecoverySpecification: {
      pointInTimeRecoveryEnabled: true,
      recoveryPeriodInDays: props.recoveryDays,
    },
    deletionProtection: props.removal === 'retain',
    removalPolicy:
      props.removal === 'retain' ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    ...(props.encryptionKey
      ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: props.encryptionKey }
      : { encryption: TableEncryption.DEFAULT }),
  }) as ITable;
