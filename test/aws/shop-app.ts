/** An app of somebody else that uses the construct: two roles have rights on one topic. */
import { App, CfnOutput, Fn, Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Millrace } from '../../infra/millrace.ts';

const app = new App();
const stack = new Stack(app, app.node.tryGetContext('stack') as string);
const api = app.node.tryGetContext('api') as 'http' | 'rest';
const log = new Millrace(stack, 'Events', { api, removal: 'destroy' });
const [producer, consumer] = ['Producer', 'Consumer'].map(
  (id) => new Role(stack, id, { assumedBy: new AccountRootPrincipal() }),
) as [Role, Role];
log.grantProduce(producer, 'orders');
log.grantConsume(consumer, 'orders');
const gateway = new Role(stack, 'Gateway', { assumedBy: new AccountRootPrincipal() });
log.grantGateway(gateway, 'invoke');

/** Where an emulator serves the API: the host name of AWS leads nowhere on loopback. */
const emulator = app.node.tryGetContext('emulator') as string | undefined;
const url = log.urls.Url as string;
const apiId = Fn.select(0, Fn.split('.', Fn.select(1, Fn.split('//', url))));

const outputs = {
  Url: emulator === undefined ? url : `${emulator}/_aws/execute-api/${apiId}/$default/`,
  TableName: log.table.tableName,
  BucketName: log.bucket.bucketName,
  ProducerRole: producer.roleArn,
  ConsumerRole: consumer.roleArn,
  GatewayRole: gateway.roleArn,
  ProduceFunction: log.functions.produce.function.functionName,
  FetchFunction: log.functions.fetch.function.functionName,
  ControlFunction: log.functions.control.function.functionName,
};
for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
