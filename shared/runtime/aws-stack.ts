import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { AwsNotUsable, adviceOf } from './aws-advice.ts';

/** The stack is not there, or is none of Millrace. */
export class StackNotUsable extends AwsNotUsable {
  override name = 'StackNotUsable';
}

export type StackOutputs = Readonly<Record<string, string>>;

export type StackPlace = {
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly profile?: string | undefined;
};

/**
 * What a deployed stack printed: `TableName`, `BucketName` and more. Region, endpoint and credentials come
 * from the usual AWS environment. Throws `StackNotUsable`, which says what to do.
 */
export async function readStackOutputs(stack: string, place: StackPlace = {}): Promise<StackOutputs> {
  const { region, endpoint, profile } = place;
  const client = new CloudFormationClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile, credentials: credentialsOf(profile) }),
  });
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const outputs = Stacks[0]?.Outputs ?? [];
    return Object.fromEntries(
      outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  } catch (error) {
    throw await notRead(stack, error, client);
  } finally {
    client.destroy();
  }
}

/**
 * Credentials as AWS's own tools find them; of a profile, if one is named. Whoever names one need not be told
 * that the environment has others, too.
 */
export const credentialsOf = (profile: string | undefined): ReturnType<typeof defaultProvider> =>
  defaultProvider(profile === undefined ? {} : { profile, logger: silent });

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function notRead(stack: string, error: unknown, client: CloudFormationClient): Promise<StackNotUsable> {
  const { message } = error as Error;
  // CloudFormation says it with the code that it has for all that is wrong with a request.
  if (/^Stack with id .* does not exist/.test(message)) {
    const region = await client.config.region();
    return new StackNotUsable(
      `There is no stack ${stack} in ${region}.`,
      'Is its name right, and the region (--region) and the account? `aws cloudformation list-stacks` knows.',
      error,
    );
  }
  return new StackNotUsable(
    `The stack ${stack} cannot be looked up: ${message.replace(/\.$/, '')}.`,
    adviceOf(error, 'cloudformation:DescribeStacks'),
    error,
  );
}

/** The outputs with these names. Throws `StackNotUsable` naming what is missing. */
export function requiredOutputs<Name extends string>(
  stack: string,
  outputs: StackOutputs,
  names: readonly Name[],
): Record<Name, string> {
  const missing = names.filter((name) => outputs[name] === undefined);
  if (missing.length > 0) {
    throw new StackNotUsable(`Stack ${stack} has no output ${missing.join(', ')}.`, 'Is it one of Millrace?');
  }
  return Object.fromEntries(names.map((name) => [name, outputs[name] ?? ''])) as Record<Name, string>;
}
