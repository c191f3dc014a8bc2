import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { Construct } from 'constructs';
import type { MillraceProps } from '../../infra/millrace.ts';
import { MillraceStack } from '../../infra/millrace-stack.ts';

export type Resource = {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
};
export type Resources = Readonly<Record<string, Resource>>;

/** The flags that cdk.json sets; and nothing that only takes time. */
export const context = {
  '@aws-cdk/aws-iam:minimizePolicies': true,
  'aws:cdk:disable-asset-staging': true,
  'aws:cdk:disable-stack-trace': true,
};

/** The CDK's own check of templates takes seconds in every process; test/infra/cdk-nag.test.ts has it on. */
export const newApp = (): App => new App({ context, builtinCloudFormationValidation: false });

/**
 * A stack with one Millrace, and its template. `change` may use the construct before the template is made.
 */
export function synth(
  props: MillraceProps = {},
  change: (stack: MillraceStack) => void = () => {},
): { stack: MillraceStack; template: Template; resources: Resources } {
  const stack = new MillraceStack(newApp(), 'Millrace', props);
  change(stack);
  const template = Template.fromStack(stack);
  return { stack, template, resources: template.toJSON().Resources as Resources };
}

export const ofType = (resources: Resources, type: string): Resource[] =>
  Object.values(resources).filter((resource) => resource.Type === type);

export const apis = ['http', 'rest', 'functionUrl'] as const;

/** The logical id of the one resource of a type below a construct. */
export function logicalIdOf(stack: Stack, construct: Construct): string {
  const element = construct.node.defaultChild ?? construct;
  return stack.getLogicalId(element as Parameters<Stack['getLogicalId']>[0]);
}

export type Statement = {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, unknown>>;
};

export const list = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? value : [value as T];

/** Every statement that is attached to a role. */
export function statementsOfRole(resources: Resources, roleId: string): Statement[] {
  return ofType(resources, 'AWS::IAM::Policy')
    .filter(({ Properties }) => JSON.stringify(Properties.Roles).includes(`"${roleId}"`))
    .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement);
}
