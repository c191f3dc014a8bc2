import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { DoorAddress } from '../door/door-address.ts';
import { CommandFailure, messageOf } from '../failure.ts';

export type StackOptions = {
  readonly stack: string;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
};

/** The addresses that a deployed stack printed. Reads its outputs from CloudFormation. */
export async function stackUrls({ stack, region, profile }: StackOptions): Promise<DoorAddress['urls']> {
  const outputs = await outputsOf(stack, {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
  });
  const rest = outputs.get('Url');
  if (rest === undefined) {
    throw new CommandFailure(
      `The stack ${stack} has no output named Url.`,
      'Is it one of Millrace? A stack of your own can be named by its address: --url https://… --iam.',
    );
  }
  const produce = outputs.get('ProduceUrl');
  const fetch = outputs.get('FetchUrl');
  return { rest, ...(produce ? { produce } : {}), ...(fetch ? { fetch } : {}) };
}

async function outputsOf(
  stack: string,
  config: { readonly region?: string; readonly profile?: string },
): Promise<ReadonlyMap<string, string>> {
  const client = new CloudFormationClient(config);
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const outputs = Stacks[0]?.Outputs ?? [];
    return new Map(
      outputs.map(({ OutputKey, OutputValue }) => [OutputKey ?? '', (OutputValue ?? '').replace(/\/+$/, '')]),
    );
  } catch (error) {
    const { name } = error as Error;
    const next =
      name === 'CredentialsProviderError'
        ? 'Log in as for the AWS CLI (`aws login`, `aws sso login`, AWS_ACCESS_KEY_ID …) or name a --profile.'
        : 'Is it the right region? It can be named with --region; the stacks of one: `aws cloudformation list-stacks`.';
    throw new CommandFailure(`The stack ${stack} cannot be looked up: ${messageOf(error)}`, next, error);
  } finally {
    client.destroy();
  }
}
