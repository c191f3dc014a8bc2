import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';

/** The stack is not there, or is none of Millrace. */
export class StackNotUsable extends Error {
  override name = 'StackNotUsable';
}

export type StackOutputs = Readonly<Record<string, string>>;

/**
 * What a deployed stack printed: `TableName`, `BucketName` and more. Region, endpoint and credentials come
 * from the usual AWS environment. Throws `StackNotUsable`, which says what to do.
 */
export async function readStackOutputs(
  stack: string,
  options: { region?: string; endpoint?: string } = {},
): Promise<StackOutputs> {
  const client = new CloudFormationClient(options);
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const outputs = Stacks[0]?.Outputs ?? [];
    return Object.fromEntries(
      outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StackNotUsable(
      `The outputs of stack ${stack} cannot be read (${reason}): check its name, the region and the role.`,
      { cause: error },
    );
  } finally {
    client.destroy();
  }
}

/** The outputs with these names. Throws `StackNotUsable` naming what is missing. */
export function requiredOutputs<Name extends string>(
  stack: string,
  outputs: StackOutputs,
  names: readonly Name[],
): Record<Name, string> {
  const missing = names.filter((name) => outputs[name] === undefined);
  if (missing.length > 0) {
    throw new StackNotUsable(`Stack ${stack} has no output ${missing.join(', ')}: is it one of Millrace?`);
  }
  return Object.fromEntries(names.map((name) => [name, outputs[name] ?? ''])) as Record<Name, string>;
}
