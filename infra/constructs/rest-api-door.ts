import { Duration, Stack, Validations } from 'aws-cdk-lib';
import {
  AuthorizationType,
  ContentHandling,
  type EndpointConfiguration,
  EndpointType,
  LambdaIntegration,
  type Method,
  MockIntegration,
  type Resource,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { Grant, type IGrantable, type PolicyDocument } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import {
  type Call,
  consumeCalls,
  cors,
  type Door,
  type DoorFunctions,
  produceCalls,
  routes,
  type Throttle,
} from './door.ts';

export type RestApiDoorProps = {
  readonly functions: DoorFunctions;
  readonly throttle: Throttle;
  readonly corsOrigins: readonly string[];
  /** Names of API keys to make; a call then needs one of them besides its IAM signature. */
  readonly apiKeys: readonly string[];
  /** Who may call from other accounts. */
  readonly policy?: PolicyDocument;
  /** Default: regional. */
  readonly endpoint?: EndpointConfiguration;
};

const stageName = 'prod';

/**
 * API Gateway's REST API: for WAF, private endpoints, resource policies and LocalStack. IAM on every method.
 */
export class RestApiDoor extends Construct implements Door {
  readonly restApi: RestApi;
  readonly urls: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: RestApiDoorProps) {
    super(scope, id);
    this.restApi = new RestApi(this, 'Api', {
      restApiName: Stack.of(this).stackName,
      description: 'Millrace',
      // Without it, bodies that are no text are broken on the way in and out.
      binaryMediaTypes: ['*/*'],
      cloudWatchRole: false,
      endpointConfiguration: props.endpoint ?? { types: [EndpointType.REGIONAL] },
      deployOptions: {
        stageName,
        throttlingRateLimit: props.throttle.rateLimit,
        throttlingBurstLimit: props.throttle.burstLimit,
      },
      defaultMethodOptions: {
        authorizationType: AuthorizationType.IAM,
        apiKeyRequired: props.apiKeys.length > 0,
      },
      ...(props.policy ? { policy: props.policy } : {}),
    });
    // The CDK prints an address of its own beside ours.
    this.restApi.node.tryRemoveChild('Endpoint');
    this.addRoutes(props);
    this.addKeys(props.apiKeys);
    this.urls = { Url: this.restApi.url.replace(/\/$/, '') };
    this.acknowledge();
  }

  private addRoutes({ functions, corsOrigins }: RestApiDoorProps): void {
    const integrationOf = (name: keyof DoorFunctions): LambdaIntegration =>
      new LambdaIntegration(functions[name].function, {
        scopePermissionToMethod: false,
        allowTestInvoke: false,
      });
    const integrations = {
      produce: integrationOf('produce'),
      fetch: integrationOf('fetch'),
      rest: integrationOf('rest'),
    };
    const resources = new Set<Resource>();
    for (const { method, path, to } of routes) {
      const resource = this.restApi.root.resourceForPath(path);
      resource.addMethod(method, integrations[to]);
      resources.add(resource);
    }
    if (corsOrigins.length === 0) return;
    for (const resource of resources) acknowledgePreflight(addPreflight(resource, corsOrigins));
  }

  private addKeys(names: readonly string[]): void {
    if (names.length === 0) return;
    const plan = this.restApi.addUsagePlan('Callers', {
      apiStages: [{ stage: this.restApi.deploymentStage }],
    });
    for (const name of names) plan.addApiKey(this.restApi.addApiKey(name));
  }

  grantProduce(grantee: IGrantable, topic: string): Grant {
    return this.grant(grantee, produceCalls(topic));
  }

  grantConsume(grantee: IGrantable, topic: string): Grant {
    return this.grant(grantee, consumeCalls(topic));
  }

  grantManage(grantee: IGrantable): Grant {
    return this.grant(grantee, [{ method: '*', path: '/*' }]);
  }

  private grant(grantee: IGrantable, calls: readonly Call[]): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ['execute-api:Invoke'],
      resourceArns: calls.map(({ method, path }) => this.arnOf(method, path)),
    });
  }

  private arnOf(method: string, path: string): string {
    const resourceName = `${stageName}/${method}${path}`;
    return Stack.of(this).formatArn({
      service: 'execute-api',
      resource: this.restApi.restApiId,
      resourceName,
    });
  }

  private acknowledge(): void {
    const onStage = {
      'AwsSolutions-APIG1':
        'Access logs are $0.50 a GB and need a role for the whole account; metrics are there.',
      'AwsSolutions-APIG6': 'The same: logs of all methods cost about what the calls cost.',
      'AwsSolutions-APIG3':
        'A web ACL is $5 a month before the first call; restApi is there to put one in front.',
    };
    for (const [rule, reason] of Object.entries(onStage)) {
      Validations.of(this.restApi.deploymentStage).acknowledge({ id: rule, reason });
    }
    Validations.of(this.restApi).acknowledge(
      {
        id: 'AwsSolutions-APIG2',
        reason: 'The functions check every request against the documented API and name what is wrong.',
      },
      {
        id: 'AwsSolutions-COG4',
        reason: 'Every method asks for IAM; users of pools have the http form with jwt.',
      },
    );
  }
}

/**
 * API Gateway answers preflights itself. As text, because `binaryMediaTypes` would turn the mock's input to
 * base64.
 */
function addPreflight(resource: Resource, origins: readonly string[]): Method {
  const headers = {
    'Access-Control-Allow-Headers': cors.requestHeaders.join(','),
    'Access-Control-Allow-Methods': cors.methods.join(','),
    'Access-Control-Max-Age': String(Duration.seconds(cors.maxAgeSeconds).toSeconds()),
    'Access-Control-Allow-Origin': origins[0] as string,
    Vary: 'Origin',
  };
  const names = Object.keys(headers).map((name) => `method.response.header.${name}`);
  const integration = new MockIntegration({
    contentHandling: ContentHandling.CONVERT_TO_TEXT,
    requestTemplates: { 'application/json': '{ "statusCode": 204 }' },
    integrationResponses: [
      {
        statusCode: '204',
        responseParameters: Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [`method.response.header.${name}`, `'${value}'`]),
        ),
        ...(origins.length > 1 ? { responseTemplates: { 'application/json': originTemplate(origins) } } : {}),
      },
    ],
  });
  return resource.addMethod('OPTIONS', integration, {
    authorizationType: AuthorizationType.NONE,
    apiKeyRequired: false,
    methodResponses: [
      { statusCode: '204', responseParameters: Object.fromEntries(names.map((name) => [name, true])) },
    ],
  });
}

/** The origin that asks, if it is one of ours (Velocity, which API Gateway runs). */
const originTemplate = (origins: readonly string[]): string =>
  [
    '#set($origin = $input.params().header.get("Origin"))',
    '#if($origin == "") #set($origin = $input.params().header.get("origin")) #end',
    `#if(${origins.map((origin) => `$origin == "${origin}"`).join(' || ')})`,
    '#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)',
    '#end',
  ].join('\n');

const acknowledgePreflight = (method: Method): void =>
  Validations.of(method).acknowledge({
    id: 'AwsSolutions-APIG4',
    reason:
      'Browsers send preflights without credentials; this one answers from a constant and reaches no function.',
  });
