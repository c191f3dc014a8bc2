import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { functionOutputs } from '../shared/runtime/settings.ts';
import { Millrace, type MillraceProps } from './millrace.ts';

/** A stack with one Millrace, for those who have no app of their own. */
export class MillraceStack extends Stack {
  readonly log: Millrace;

  constructor(scope: Construct, id: string, props: MillraceProps = {}, stackProps: StackProps = {}) {
    super(scope, id, { description: 'Millrace: a log on Lambda, DynamoDB and S3', ...stackProps });
    this.log = new Millrace(this, 'Log', props);
    for (const [name, value] of Object.entries(this.log.urls)) this.print(name, value, 'Where it answers');
    this.print('ExampleCall', exampleCall(this, this.log), 'A first call, signed by your own credentials');
    this.printFunctions();
    const takeOver = 'kept when the stack is destroyed; a new stack takes it over as existing';
    this.print('TableName', this.log.table.tableName, `The table, ${takeOver}`);
    this.print('BucketName', this.log.bucket.bucketName, `The bucket, ${takeOver}`);
  }

  /** What a gateway in invoke mode asks for. */
  private printFunctions(): void {
    for (const name of ['produce', 'fetch', 'control'] as const) {
      const { functionName } = this.log.functions[name].function;
      this.print(functionOutputs[name], functionName, 'The function, for Kafka gateways in invoke mode');
    }
  }

  private print(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description });
  }
}

/** The list of topics, by curl (7.75 or newer signs by itself). */
function exampleCall({ region }: Stack, log: Millrace): string {
  const service = 'ProduceUrl' in log.urls ? 'lambda' : 'execute-api';
  return [
    `curl --aws-sigv4 "aws:amz:${region}:${service}" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"`,
    '-H "x-amz-security-token: $AWS_SESSION_TOKEN"',
    `${log.urls.Url}/topics`,
  ].join(' ');
}
