import { UsageFailure } from '../failure.ts';

/** Where a door is and what it wants with each call. */
export type DoorAddress = {
  /** Without a slash at the end. A stack of function URLs has one for produce and one for fetch besides. */
  readonly urls: { readonly rest: string; readonly produce?: string; readonly fetch?: string };
  readonly headers: Readonly<Record<string, string>>;
  /** Calls are signed as IAM wants it. */
  readonly isSigned: boolean;
};

/** What the options of a command say of the door. */
export type DoorChoice = {
  readonly url?: string | undefined;
  readonly stack?: string | undefined;
  readonly iam?: boolean | undefined;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly httpHeader?: readonly string[] | undefined;
};

export const defaultUrl = 'http://127.0.0.1:8082';

/** The address that `--url`, or else MILLRACE_URL, names. Throws `UsageFailure`. */
export function addressOf(choice: DoorChoice, environment: NodeJS.ProcessEnv): DoorAddress {
  const [source, text] =
    choice.url !== undefined
      ? ['--url', choice.url]
      : ['MILLRACE_URL', environment.MILLRACE_URL || defaultUrl];
  const url = readUrl(source, text);
  return {
    urls: { rest: withoutSlash(url) },
    headers: headersOf(choice.httpHeader ?? []),
    isSigned: choice.iam ?? awsDoorOf(url.hostname) !== undefined,
  };
}

function readUrl(source: string, text: string): URL {
  // `localhost:8082` would be read as the scheme `localhost:`.
  const url = URL.canParse(text) && /^https?:\/\//i.test(text) ? new URL(text) : undefined;
  if (!url || url.search || url.hash) {
    throw new UsageFailure(`${source} is an address like ${defaultUrl}, not "${text}".`);
  }
  if (url.username || url.password) {
    throw new UsageFailure(`${source} may hold no password; a header is set with --http-header.`);
  }
  return url;
}

export const withoutSlash = (url: URL): string => `${url.origin}${url.pathname}`.replace(/\/+$/, '');

/** `Name: value` of every --http-header. */
export function headersOf(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*([\t\x20-\x7e]*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageFailure(`--http-header is "Name: value", not "${line}".`);
    }
    headers[name.toLowerCase()] = value.trim();
  }
  return headers;
}

/** A host name of API Gateway or of a function URL says which service signs, and where. */
export function awsDoorOf(host: string): { readonly service: string; readonly region: string } | undefined {
  const [, service, region] =
    /\.(execute-api|lambda-url)\.([a-z0-9-]+)\.(?:amazonaws\.com|on\.aws)/.exec(host) ?? [];
  if (service === undefined || region === undefined) return undefined;
  return { service: service === 'lambda-url' ? 'lambda' : service, region };
}
