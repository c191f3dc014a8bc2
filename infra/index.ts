/** What `import … from 'millrace/cdk'` gives: the construct, for an app of the AWS CDK. */
export type { Throttle } from './constructs/door.ts';
export type { ExistingData } from './constructs/existing-data.ts';
export type { GatewayMode } from './constructs/gateway-rights.ts';
export type { Jwt } from './constructs/http-api-door.ts';
export { KafkaGateway, type KafkaGatewayProps } from './constructs/kafka-gateway.ts';
export { Millrace, type MillraceProps } from './millrace.ts';
export { MillraceStack } from './millrace-stack.ts';
