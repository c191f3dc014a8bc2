import type { Caller } from './deps.ts';

const authority = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;
const hasPort = /:[0-9]+$/;
const prefixText = /^(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@%]+)+$/;

const first = (header: string | null): string => (header ?? '').split(',', 1)[0]?.trim() ?? '';

/**
 * Where the client sees the door, without a slash at the end: links begin with it. A platform that knows says
 * so with the caller; otherwise the headers of a proxy (X-Forwarded-Proto, -Host, -Port, -Prefix) and Host
 * decide. A header only ever shapes the links of the answer to whoever sent it.
 */
export function baseUrlOf(request: Request, caller: Caller): string {
  if (caller.baseUrl !== undefined) return caller.baseUrl;
  const url = new URL(request.url);
  const { headers } = request;
  const forwardedProto = first(headers.get('x-forwarded-proto')).toLowerCase();
  const scheme = /^https?$/.test(forwardedProto) ? forwardedProto : url.protocol.slice(0, -1);
  const prefix = first(headers.get('x-forwarded-prefix')).replace(/\/+$/, '');
  return `${scheme}://${hostOf(headers, url, scheme)}${prefixText.test(prefix) ? prefix : ''}`;
}

function hostOf(headers: Headers, url: URL, scheme: string): string {
  const names = [first(headers.get('x-forwarded-host')), first(headers.get('host'))];
  const host = names.find((name) => authority.test(name)) ?? url.host;
  const port = first(headers.get('x-forwarded-port'));
  const isUsual = port === (scheme === 'https' ? '443' : '80');
  return hasPort.test(host) || isUsual || !/^[0-9]{1,5}$/.test(port) ? host : `${host}:${port}`;
}
