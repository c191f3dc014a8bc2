import type { CustomResource } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { newDeploymentTask } from './deployment-function.ts';
import { objectsFinding } from './rights.ts';

/**
 * Removes all versions of all objects when the stack is destroyed: CloudFormation deletes no bucket that
 * holds any.
 */
export const emptyOnDestruction = (
  scope: Construct,
  bucket: IBucket,
  logRetention: RetentionDays,
): CustomResource =>
  newDeploymentTask(scope, 'EmptyBucket', {
    task: 'EmptyBucket',
    parameters: { bucketName: bucket.bucketName },
    statements: [
      new PolicyStatement({ actions: ['s3:ListBucketVersions'], resources: [bucket.bucketArn] }),
      new PolicyStatement({
        actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
        resources: [bucket.arnForObjects('*')],
      }),
    ],
    acknowledged: [
      { id: objectsFinding(bucket, '*'), reason: 'It is there to remove every object of this bucket.' },
    ],
    logRetention,
  });
