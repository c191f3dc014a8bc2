import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { describe, expect, test } from 'vitest';
import { checkTopicPattern } from '../../infra/constructs/door.ts';
import type { MillraceStack } from '../../infra/millrace-stack.ts';
import {
  apis,
  list,
  ofType,
  type Resource,
  type Resources,
  type Statement,
  statementsOfRole,
  synth,
} from './synth.ts';

const http = synth({ api: 'http' });
const rest = synth({ api: 'rest' });
const url = synth({ api: 'functionUrl' });

const routesOf = (resources: Resources) =>
  ofType(resources, 'AWS::ApiGatewayV2::Route').map(({ Properties }) => Properties);
const methodsOf = (resources: Resources) =>
  ofType(resources, 'AWS::ApiGateway::Method').map(({ Properties }) => Properties);

describe('nothing is public', () => {
  test('every route of the HTTP API asks for IAM, and there is no catch-all beside them', () => {
    const routes = routesOf(http.resources);
    expect(routes.map(({ AuthorizationType }) => AuthorizationType)).toEqual(routes.map(() => 'AWS_IAM'));
    expect(routes.map(({ RouteKey }) => RouteKey)).not.toContain('$default');
  });

  test('every method of the REST API asks for IAM', () => {
    const methods = methodsOf(rest.resources);
    expect(methods.length).toBeGreaterThan(10);
    expect(methods.map(({ AuthorizationType }) => AuthorizationType)).toEqual(methods.map(() => 'AWS_IAM'));
  });

  test('every function URL asks for IAM', () => {
    const urls = ofType(url.resources, 'AWS::Lambda::Url');
    expect(urls.map(({ Properties }) => Properties.AuthType)).toEqual(['AWS_IAM', 'AWS_IAM', 'AWS_IAM']);
  });

  test.each(apis)('%s: no permission and no policy names everybody', (api) => {
    const { resources } = synth({ api });
    for (const { Properties } of ofType(resources, 'AWS::Lambda::Permission')) {
      expect(['apigateway.amazonaws.com', 'events.amazonaws.com']).toContain(Properties.Principal);
      expect(Properties).toHaveProperty('SourceArn');
    }
    const documents = Object.values(resources).flatMap(({ Properties }) =>
      [Properties.PolicyDocument, Properties.AssumeRolePolicyDocument, Properties.Policy].filter(Boolean),
    ) as { Statement: (Statement & { Principal?: unknown })[] }[];
    for (const { Effect, Principal } of documents.flatMap(({ Statement }) => Statement)) {
      if (Effect === 'Allow') expect(JSON.stringify(Principal ?? {})).not.toContain('*');
    }
  });
});

describe('routes', () => {
  /** `GET /topics/{topic}` → the function that it goes to. */
  const table = Object.fromEntries(
    routesOf(http.resources).map(({ RouteKey, Target }) => {
      const id = /"Ref":"([^"]+)"/.exec(JSON.stringify(Target))?.[1] ?? '';
      const uri = JSON.stringify(http.resources[id]?.Properties.IntegrationUri);
      return [RouteKey as string, /Log(Produce|Fetch|Rest)Function/.exec(uri)?.[1]];
    }),
  );

  test('plain produces and fetches have functions of their own, the rest goes to rest', () => {
    expect(table).toEqual({
      'POST /topics/{topic}': 'Produce',
      'POST /topics/{topic}/partitions/{partition}': 'Produce',
      'POST /v3/clusters/{cluster}/topics/{topic}/records': 'Produce',
      'GET /topics/{topic}/partitions/{partition}/records': 'Fetch',
      ...Object.fromEntries(
        ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].flatMap((method) => [
          [`${method} /`, 'Rest'],
          [`${method} /{proxy+}`, 'Rest'],
        ]),
      ),
    });
  });

  test('the REST API has the same routes', () => {
    const pathOf = (id: string): string => {
      const { ParentId, PathPart } = (rest.resources[id] as Resource).Properties;
      const parent = /"Ref":"([^"]+)"/.exec(JSON.stringify(ParentId))?.[1];
      return `${parent ? pathOf(parent) : ''}/${PathPart}`;
    };
    const keys = methodsOf(rest.resources).map(({ HttpMethod, ResourceId }) => {
      const id = (ResourceId as { Ref?: string }).Ref;
      return `${HttpMethod} ${id ? pathOf(id) : '/'}`;
    });
    expect(keys.sort()).toEqual(Object.keys(table).sort());
  });

  test('bodies that are no text pass through the REST API', () => {
    rest.template.hasResourceProperties('AWS::ApiGateway::RestApi', { BinaryMediaTypes: ['*/*'] });
  });

  test('with rest there is no HTTP API in the template, for emulators know none', () => {
    const types = Object.values(rest.resources).map(({ Type }) => Type);
    expect(types.filter((type) => type.startsWith('AWS::ApiGatewayV2'))).toEqual([]);
  });
});

describe('throttling and CORS', () => {
  const origins = { corsOrigins: ['https://shop.example', 'https://admin.example'] };

  test('the stages let 1,000 requests a second through, with bursts of 500', () => {
    http.template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 500 },
    });
    rest.template.hasResourceProperties('AWS::ApiGateway::Stage', {
      MethodSettings: [
        { HttpMethod: '*', ResourcePath: '/*', ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 500 },
      ],
    });
  });

  test('no origin is allowed until one is named', () => {
    for (const { resources } of [http, rest, url]) {
      const text = JSON.stringify(resources);
      expect(text).not.toMatch(/AllowOrigin|Allow-Origin|CorsConfiguration|"OPTIONS"/);
    }
  });

  test('named origins are allowed by each door, and no other', () => {
    synth({ api: 'http', ...origins }).template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      CorsConfiguration: { AllowOrigins: origins.corsOrigins },
    });
    synth({ api: 'functionUrl', ...origins }).template.hasResourceProperties('AWS::Lambda::Url', {
      Cors: { AllowOrigins: origins.corsOrigins },
    });
    const { resources, template } = synth({ api: 'rest', ...origins });
    const open = methodsOf(resources).filter(({ AuthorizationType }) => AuthorizationType === 'NONE');
    for (const { HttpMethod, Integration } of open) {
      expect([HttpMethod, (Integration as { Type: string }).Type]).toEqual(['OPTIONS', 'MOCK']);
    }
    expect(open.length).toBeGreaterThan(0);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { MILLRACE_CORS_ORIGINS: origins.corsOrigins.join(',') } },
    });
  });
});

describe('other ways to prove who one is', () => {
  test('jwt replaces IAM on every route of the HTTP API', () => {
    const jwt = { issuer: 'https://issuer.example', audience: ['millrace'] };
    const { resources, stack } = synth({ api: 'http', jwt });
    for (const { AuthorizationType } of routesOf(resources)) expect(AuthorizationType).toBe('JWT');
    expect(() => stack.log.grantProduce(newRole(stack, 'R'))).toThrow(/without effect/);
  });

  test('apiKeys are asked for beside IAM', () => {
    const { resources, template } = synth({ api: 'rest', apiKeys: ['shop'] });
    for (const { ApiKeyRequired, AuthorizationType } of methodsOf(resources)) {
      expect([ApiKeyRequired, AuthorizationType]).toEqual([true, 'AWS_IAM']);
    }
    template.resourceCountIs('AWS::ApiGateway::UsagePlanKey', 1);
  });
});

const newRole = (stack: MillraceStack, id: string): Role =>
  new Role(stack, id, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });

type Granting = (log: MillraceStack['log'], role: Role) => void;
type Granted = { calls: string[]; statements: Statement[] };

/** What roles may call after grants: `METHOD/path` on a stage, and the statements as they are. */
function granted<Name extends string>(
  api: (typeof apis)[number],
  grants: Record<Name, Granting>,
): Record<Name, Granted> {
  const all = Object.entries<Granting>(grants);
  const { stack, resources } = synth({ api }, (made) => {
    for (const [name, grant] of all) grant(made.log, newRole(made, name));
  });
  const entries = all.map(([name]): [string, Granted] => {
    const id = stack.getLogicalId(stack.node.findChild(name).node.defaultChild as never);
    const statements = statementsOfRole(resources, id);
    const calls = statements
      .filter(({ Action }) => Action === 'execute-api:Invoke')
      .flatMap(({ Resource }) => list(Resource))
      .map((arn) => /\/(?:\$default|prod)\/(.*?)"/.exec(JSON.stringify(arn))?.[1] ?? JSON.stringify(arn));
    return [name, { calls, statements }];
  });
  return Object.fromEntries(entries) as Record<Name, Granted>;
}

/** Whether IAM would let a request through: `*` stands for anything, slashes included. */
const allows = (calls: readonly string[], request: string): boolean =>
  calls.some((call) => {
    const pattern = call.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
    return new RegExp(`^${pattern}$`).test(request);
  });

describe.each(['http', 'rest'] as const)('grants on %s are for a topic', (api) => {
  const roles = granted(api, {
    Producer: (log, role) => log.grantProduce(role, 'orders'),
    Consumer: (log, role) => log.grantConsume(role, 'orders'),
    Prefixed: (log, role) => log.grantProduce(role, 'orders-*'),
    Auditor: (log, role) => log.grantConsume(role),
    Manager: (log, role) => log.grantManage(role),
  });
  const produce = roles.Producer.calls;
  const consume = roles.Consumer.calls;

  test.each([
    'POST/topics/orders',
    'POST/topics/orders/partitions/3',
    'POST/v3/clusters/abc/topics/orders/records',
    'POST/v3/clusters/abc/topics/orders/records:batch',
    'POST/producers',
    'GET/topics/orders',
    'GET/v3/clusters',
  ])('a producer may %s', (request) => expect(allows(produce, request)).toBe(true));

  test.each([
    'POST/topics/orders-secret',
    'POST/topics/other',
    'GET/topics/orders/partitions/0/records',
    'DELETE/v3/clusters/abc/topics/orders',
    'POST/v3/clusters/abc/topics',
    'POST/v3/clusters/abc/topics/orders/configs:alter',
    'GET/topics',
  ])('a producer may not %s', (request) => expect(allows(produce, request)).toBe(false));

  test.each([
    'GET/topics/orders/partitions/0/records',
    'GET/topics/orders/partitions/0/offsets',
    'GET/v3/clusters/abc/topics/orders/partitions/0/offset',
  ])('a consumer may %s', (request) => expect(allows(consume, request)).toBe(true));

  test.each([
    'GET/topics/orders-secret/partitions/0/records',
    'POST/topics/orders',
    'POST/producers',
    'GET/topics',
    'GET/v3/clusters/abc/topics',
    'PUT/v3/clusters/abc/topics/orders/configs/retention.ms',
    'POST/consumers/billing',
    'GET/consumers/billing/instances/one/records',
    'GET/v3/clusters/abc/consumer-groups/billing/lags',
  ])('a consumer may not %s', (request) => expect(allows(consume, request)).toBe(false));

  test('a name that ends in * is a prefix; without a name it is every topic', () => {
    const prefixed = roles.Prefixed.calls;
    expect(allows(prefixed, 'POST/topics/orders-eu')).toBe(true);
    expect(allows(prefixed, 'POST/topics/orders')).toBe(false);
    const all = roles.Auditor.calls;
    expect(allows(all, 'GET/topics/any/partitions/0/records')).toBe(true);
    expect(allows(all, 'GET/topics')).toBe(true);
    expect(allows(all, 'POST/topics/any')).toBe(false);
    expect(allows(all, 'POST/consumers/billing')).toBe(true);
    expect(allows(all, 'GET/consumers/billing/instances/one/records')).toBe(true);
    expect(allows(all, 'GET/v3/clusters/abc/consumer-groups/billing/lags')).toBe(true);
    expect(allows(all, 'DELETE/v3/clusters/abc/consumer-groups/billing')).toBe(false);
  });

  test('grantManage is for everything', () => {
    expect(roles.Manager.calls).toEqual(['*/*']);
  });

  test.each(['a/b', 'a b', '', '..', 'a*b', 'ä'])('%j is no topic', (topic) => {
    expect(() => checkTopicPattern(topic)).toThrow(/is no topic/);
  });
});

describe('grants on function URLs', () => {
  const { Producer, Consumer, Manager } = granted('functionUrl', {
    Producer: (log, role) => log.grantProduce(role),
    Consumer: (log, role) => log.grantConsume(role),
    Manager: (log, role) => log.grantManage(role),
  });

  test('may invoke by way of the URL only: whoever could invoke directly could forge the caller', () => {
    expect(Producer.statements).toHaveLength(2);
    const [byUrl, invoke] = ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'].map((action) =>
      Producer.statements.find(({ Action }) => Action === action),
    );
    expect(byUrl?.Condition).toEqual({ StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } });
    expect(invoke?.Condition).toEqual({ Bool: { 'lambda:InvokedViaFunctionUrl': true } });
  });

  test('a producer gets the produce door, a consumer the fetch door, a manager all three', () => {
    const doorsOf = ({ statements }: Granted): string[] =>
      ['Produce', 'Fetch', 'Rest'].filter((door) =>
        JSON.stringify(statements).includes(`Log${door}Function`),
      );
    expect(doorsOf(Producer)).toEqual(['Produce']);
    expect(doorsOf(Consumer)).toEqual(['Fetch']);
    expect(doorsOf(Manager)).toEqual(['Produce', 'Fetch', 'Rest']);
  });

  test('a grant for one topic is refused rather than given for all', () => {
    const one = { Producer: (log: MillraceStack['log'], role: Role) => log.grantProduce(role, 'orders') };
    expect(() => granted('functionUrl', one)).toThrow(/cannot give rights on "orders" alone/);
  });
});
