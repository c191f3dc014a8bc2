import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

export type LogBucketProps = {
  readonly removal: 'retain' | 'destroy';
  readonly recoveryDays: number;
  readonly encryptionKey?: IKey;
};

/**
 * The bucket of staged batches and segments. Versioned, so that what a job deletes can be brought back for
 * `recoveryDays`, as long as the table can be restored to a time that still names it; then S3 removes it for
 * good.
 */
export function newLogBucket(scope: Construct, id: string, props: LogBucketProps): IBucket {
  const isKept = props.removal === 'retain';
  const bucket = new Bucket(scope, id, {
    versioned: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    lifecycleRules: [
      {
        id: 'forget-what-jobs-deleted',
        noncurrentVersionExpiration: Duration.days(props.recoveryDays),
        expiredObjectDeleteMarker: true,
      },
      { id: 'abort-broken-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
    removalPolicy: isKept ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    ...(props.encryptionKey
      ? { encryption: BucketEncryption.KMS, encryptionKey: props.encryptionKey, bucketKeyEnabled: true }
      : { encryption: BucketEncryption.S3_MANAGED }),
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Access logs would cost more than the data of a small log, and only the functions of this stack have rights on ' +
      'the bucket; CloudTrail data events can be switched on for an audit.',
  });
  return bucket as IBucket;
}
