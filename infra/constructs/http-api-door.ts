import { Duration, Stack, Validations } from 'aws-cdk-lib';
import {
  type CorsHttpMethod,
  HttpApi,
  type HttpMethod,
  HttpStage,
  type IHttpRouteAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
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

export type Jwt = { readonly issuer: string; readonly audience: readonly string[] };

export type HttpApiDoorProps = {
  readonly functions: DoorFunctions;
  readonly throttle: Throttle;
  readonly corsOrigins: readonly string[];
  /** Tokens of this issuer instead of IAM. */
  readonly jwt?: Jwt;
};

/**
 * API Gateway's HTTP API: one host name, rights per topic. IAM on every route; what no route names is
 * refused.
 */
export class HttpApiDoor extends Construct implements Door {
  readonly httpApi: HttpApi;
  readonly urls: Readonly<Record<string, string>>;
  private readonly isIam: boolean;

  constructor(scope: Construct, id: string, props: HttpApiDoorProps) {
    super(scope, id);
    this.isIam = props.jwt === undefined;
    const authorizer = props.jwt ? jwtAuthorizer(props.jwt) : new HttpIamAuthorizer();
    this.httpApi = new HttpApi(this, 'Api', {
      apiName: Stack.of(this).stackName,
      description: 'Millrace',
      createDefaultStage: false,
      ...(props.corsOrigins.length ? { corsPreflight: corsPreflight(props.corsOrigins) } : {}),
    });
    this.addRoutes(props.functions, authorizer);
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.httpApi,
      stageName: '$default',
      autoDeploy: true,
      throttle: { ...props.throttle },
    });
    Validations.of(stage).acknowledge({
      id: 'AwsSolutions-APIG1',
      reason:
        'Access logs are $0.50 a GB, about what the calls themselves cost; metrics and CloudTrail are there.',
    });
    this.urls = { Url: stage.url.replace(/\/$/, '') };
  }

  private addRoutes(functions: DoorFunctions, authorizer: IHttpRouteAuthorizer): void {
    const integrationOf = (name: keyof DoorFunctions): HttpLambdaIntegration =>
      new HttpLambdaIntegration(name, functions[name].function, { scopePermissionToRoute: false });
    const integrations = {
      produce: integrationOf('produce'),
      fetch: integrationOf('fetch'),
      rest: integrationOf('rest'),
    };
    for (const { method, path, to } of routes) {
      this.httpApi.addRoutes({
        path,
        methods: [method as HttpMethod],
        integration: integrations[to],
        authorizer,
      });
    }
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
    if (!this.isIam)
      throw new Error('with jwt, tokens decide who may call; IAM rights would be without effect');
    return Grant.addToPrincipal({
      grantee,
      actions: ['execute-api:Invoke'],
      resourceArns: calls.map(({ method, path }) => this.arnOf(method, path)),
    });
  }

  /** Not `arnForExecuteApi`: the stage is `$default`, not any. */
  private arnOf(method: string, path: string): string {
    const resourceName = `$default/${method}${path}`;
    return Stack.of(this).formatArn({ service: 'execute-api', resource: this.httpApi.apiId, resourceName });
  }
}

const jwtAuthorizer = (jwt: Jwt): HttpJwtAuthorizer =>
  new HttpJwtAuthorizer('Jwt', jwt.issuer, { jwtAudience: [...jwt.audience] });

const corsPreflight = (origins: readonly string[]) => ({
  allowOrigins: [...origins],
  allowMethods: cors.methods.map((method) => method as CorsHttpMethod),
  allowHeaders: [...cors.requestHeaders],
  exposeHeaders: [...cors.answerHeaders],
  maxAge: Duration.seconds(cors.maxAgeSeconds),
});
