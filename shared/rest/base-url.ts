import type { Caller } from './deps.ts';

const authority = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;
const hasPort = /:[0-9]+$/;
const prefixText = /^(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@%]+)+$/;

const firstHop = /^(?:[^,"]|"(?:[^"\\]|\\.)*")*/;
const hopPair = /(?:^|;)\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))/g;

/** What the first hop of a Forwarded header (RFC 7239) says, by names in small letters. */
function forwardedBy(headers: Headers): ReadonlyMap<string, string> {
  const hop = firstHop.exec(headers.get('forwarded') ?? '')?.[0] ?? '';
  return new Map(
    [...hop.matchAll(hopPair)].map(([, name, quoted, plain]) => [
      (name as string).toLowerCase(),
      (quoted ?? plain ?? '').trim(),
    ]),
  );
}

const first = (header: string | null): string => (header ?? '').split(',', 1)[0]?.trim() ?? '';

/**
 * Where the client sees the door, without a slash at the end: links begin with it. A platform that knows says
 * so with the caller; otherwise the headers of a proxy (Forwarded, X-Forwarded-Proto, -Host, -Port, -Prefix)
 * and Host decide. A header only ever shapes the links of the answer to whoever sent it.
 */
export function baseUrlOf(request: Request, caller: Caller): string {
  if (caller.baseUrl !== undefined) return caller.baseUrl;
  const url = new URL(request.url);
  const { headers } = request;
  const forwarded = forwardedBy(headers);
  const schemes = [forwarded.get('proto') ?? '', first(headers.get('x-forwarded-proto'))];
  const scheme =
    schemes.map((name) => name.toLowerCase()).find((name) => /^https?$/.test(name)) ??
    url.protocol.slice(0, -1);
  const prefix = first(headers.get('x-forwarded-prefix')).replace(/\/+$/, '');
  return `${scheme}://${hostOf(headers, forwarded.get('host') ?? '', url, scheme)}${prefixText.test(prefix) ? prefix : ''}`;
}

function hostOf(headers: Headers, forwarded: string, url: URL, scheme: string): string {
  const names = [forwarded, first(headers.get('x-forwarded-host')), first(headers.get('host'))];
  const host = names.find((name) => authority.test(name)) ?? url.host;
  const port = first(headers.get('x-forwarded-port'));
  const isUsual = port === (scheme === 'https' ? '443' : '80');
  return hasPort.test(host) || isUsual || !/^[0-9]{1,5}$/.test(port) ? host : `${host}:${port}`;
}
