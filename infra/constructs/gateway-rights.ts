import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { BrokerFunction } from './broker-function.ts';
import { type Data, type Rights, statementsOf } from './rights.ts';

/** Where a gateway's broker runs: in its own process, or in the functions. */
export type GatewayMode = 'direct' | 'invoke';

const read = ['GetItem', 'BatchGetItem', 'Query'] as const;

/**
 * What a gateway in direct mode does: append, read, and everything of the protocol beside it. The jobs remain
 * with their functions: it moves no segment and deletes no record, payload or object.
 */
export const directGatewayRights: Rights = {
  items: {
    catalog: [...read, 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
    heads: ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
    index: [...read, 'PutItem', 'UpdateItem'],
    payloads: [...read, 'PutItem', 'UpdateItem'],
    groups: [...read, 'PutItem', 'UpdateItem', 'DeleteItem'],
  },
  objects: { staged: ['GetObject', 'PutObject'], segments: ['GetObject'] },
  listObjects: true,
};

export type GatewayFunctions = {
  readonly produce: BrokerFunction;
  readonly fetch: BrokerFunction;
  readonly control: BrokerFunction;
};

/** The right to run a gateway. Whoever has it is trusted like a broker: it says itself whom it serves. */
export function grantGateway(
  grantee: IGrantable,
  mode: GatewayMode,
  data: Data,
  { produce, fetch, control }: GatewayFunctions,
): Grant {
  if (mode === 'invoke') {
    // Not `grantInvoke`: it would open every version and alias, too.
    const resourceArns = [produce, fetch, control].map(({ function: lambda }) => lambda.functionArn);
    return Grant.addToPrincipal({ grantee, actions: ['lambda:InvokeFunction'], resourceArns });
  }
  return statementsOf(directGatewayRights, data)
    .map((statement) =>
      Grant.addToPrincipal({
        grantee,
        actions: statement.actions,
        resourceArns: statement.resources,
        conditions: statement.conditions,
      }),
    )
    .reduce((all, grant) => all.combine(grant));
}
