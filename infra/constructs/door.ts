import { Token } from 'aws-cdk-lib';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { BrokerFunction } from './broker-function.ts';

/** The functions behind a door. */
export type DoorFunctions = {
  readonly produce: BrokerFunction;
  readonly fetch: BrokerFunction;
  readonly rest: BrokerFunction;
};

/** Requests a second and the burst above it that a door lets through, for all callers together. */
export type Throttle = { readonly rateLimit: number; readonly burstLimit: number };

/** One of the three ways to reach the functions over HTTPS. */
export interface Door {
  /** What is printed, by the name of the output. */
  readonly urls: Readonly<Record<string, string>>;
  /** Lets a principal produce to one topic, or to those a pattern ending in `*` names. */
  grantProduce(grantee: IGrantable, topic: string): Grant;
  /** Lets a principal read one topic, or those a pattern ending in `*` names. */
  grantConsume(grantee: IGrantable, topic: string): Grant;
  /** Lets a principal call everything. */
  grantManage(grantee: IGrantable): Grant;
}

export type Route = { readonly method: string; readonly path: string; readonly to: keyof DoorFunctions };

/**
 * Where requests go. What is not a plain produce or fetch goes to `rest`. The methods are listed, so that
 * OPTIONS is left to the door's own CORS answer and no route catches it. (`records:batch` goes to `rest` too:
 * API Gateway does not say whether an HTTP API takes a colon in a route.)
 */
export const routes: readonly Route[] = [
  { method: 'POST', path: '/topics/{topic}', to: 'produce' },
  { method: 'POST', path: '/topics/{topic}/partitions/{partition}', to: 'produce' },
  { method: 'POST', path: '/v3/clusters/{cluster}/topics/{topic}/records', to: 'produce' },
  { method: 'GET', path: '/topics/{topic}/partitions/{partition}/records', to: 'fetch' },
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].flatMap((method): Route[] => [
    { method, path: '/', to: 'rest' },
    { method, path: '/{proxy+}', to: 'rest' },
  ]),
];

export type Call = { readonly method: string; readonly path: string };

/** The cluster id stands in every v3 path, so whoever may use those may ask for it. */
const learnCluster: readonly Call[] = [{ method: 'GET', path: '/v3/clusters' }];

const listTopics: readonly Call[] = [
  { method: 'GET', path: '/topics' },
  { method: 'GET', path: '/v3/clusters/*/topics' },
];

/**
 * The paths of consumer instances and groups name no topic, and an instance may subscribe to any: they are
 * for those who may read them all.
 */
const consumeInGroups: readonly Call[] = [
  { method: 'GET', path: '/consumers/*' },
  { method: 'POST', path: '/consumers/*' },
  { method: 'DELETE', path: '/consumers/*' },
  { method: 'GET', path: '/v3/clusters/*/consumer-groups' },
  { method: 'GET', path: '/v3/clusters/*/consumer-groups/*' },
];

/**
 * The calls that writing to a topic takes. The path is judged whole: `orders` opens `orders` and what lies
 * below it, and not `orders-secret`.
 */
export const produceCalls = (topic: string): readonly Call[] => [
  { method: 'POST', path: `/topics/${topic}` },
  { method: 'POST', path: `/topics/${topic}/*` },
  { method: 'GET', path: `/topics/${topic}` },
  { method: 'GET', path: `/topics/${topic}/partitions` },
  { method: 'POST', path: `/v3/clusters/*/topics/${topic}/records` },
  { method: 'POST', path: `/v3/clusters/*/topics/${topic}/records:batch` },
  // An id for an idempotent producer says nothing of any topic.
  { method: 'POST', path: '/producers' },
  ...learnCluster,
];

/** The calls that reading a topic takes. */
export const consumeCalls = (topic: string): readonly Call[] => [
  { method: 'GET', path: `/topics/${topic}` },
  { method: 'GET', path: `/topics/${topic}/*` },
  { method: 'GET', path: `/v3/clusters/*/topics/${topic}` },
  { method: 'GET', path: `/v3/clusters/*/topics/${topic}/*` },
  // Names of topics are for those who may read them all.
  ...(topic === '*' ? [...listTopics, ...consumeInGroups] : []),
  ...learnCluster,
];

/** A topic's name, or the begin of names followed by `*`, as Kafka's literal and prefixed patterns. */
export function checkTopicPattern(topic: string): string {
  if (Token.isUnresolved(topic)) return topic;
  const name = topic.endsWith('*') ? topic.slice(0, -1) : topic;
  const isName = /^[a-zA-Z0-9._-]{0,249}$/.test(name) && topic !== '' && topic !== '.' && topic !== '..';
  if (!isName) {
    throw new Error(
      `"${topic}" is no topic: letters, digits, dot, underscore and hyphen, at most 249, with "*" at the end only`,
    );
  }
  return topic;
}

/** What browsers may send to a door once origins are named, and read of its answers. */
export const cors = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  requestHeaders: [
    'accept',
    'authorization',
    'content-type',
    'x-amz-content-sha256',
    'x-amz-date',
    'x-amz-security-token',
    'x-api-key',
  ],
  answerHeaders: ['location', 'millrace-poll-after'],
  maxAgeSeconds: 3_600,
} as const;
