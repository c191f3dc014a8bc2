import { describe, expect, test } from 'vitest';
import { baseUrlOf } from '../../../shared/rest/base-url.ts';

const caller = { principal: 'User:a' };
const baseUrl = (headers: Record<string, string>, url = 'http://inner:8082/topics?x=1'): string =>
  baseUrlOf(new Request(url, { headers }), caller);

describe('where links begin', () => {
  test.each([
    [{}, 'http://inner:8082'],
    [{ host: 'outer.example' }, 'http://outer.example'],
    [{ host: '[::1]:80' }, 'http://[::1]:80'],
    [{ 'x-forwarded-proto': 'https', host: 'a.example' }, 'https://a.example'],
    [{ 'x-forwarded-proto': 'HTTPS, http', 'x-forwarded-host': 'b.example, c.example' }, 'https://b.example'],
    [{ 'x-forwarded-proto': 'https', 'x-forwarded-port': '443', host: 'a.example' }, 'https://a.example'],
    [{ 'x-forwarded-port': '8443', host: 'a.example' }, 'http://a.example:8443'],
    [{ 'x-forwarded-port': '8443', host: 'a.example:1' }, 'http://a.example:1'],
    [{ 'x-forwarded-prefix': '/stage/', host: 'a.example' }, 'http://a.example/stage'],
    [{ 'x-forwarded-prefix': '//evil', host: 'a.example' }, 'http://a.example'],
    [{ 'x-forwarded-prefix': '"><script>', host: 'a.example' }, 'http://a.example'],
    [{ 'x-forwarded-proto': 'javascript', host: 'a.example' }, 'http://a.example'],
    [{ forwarded: 'host=b.example:443;proto=https', host: 'a.example' }, 'https://b.example:443'],
    [{ forwarded: 'for=1.2.3.4;Host="b.example:1";Proto=HTTP' }, 'http://b.example:1'],
    [{ forwarded: 'host=b.example, host=c.example;proto=https', host: 'a.example' }, 'http://b.example'],
    [{ forwarded: 'proto=https', 'x-forwarded-host': 'b.example' }, 'https://b.example'],
    [{ forwarded: 'host=b.example;proto=mqtt' }, 'http://b.example'],
    [{ forwarded: 'by="a, b;host=c.example";host="evil/path"', host: 'a.example' }, 'http://a.example'],
    [{ host: 'a b' }, 'http://inner:8082'],
    [{ 'x-forwarded-host': 'evil/"path', host: 'a.example' }, 'http://a.example'],
  ])('%j: %s', (headers, wanted) => {
    expect(baseUrl(headers as Record<string, string>)).toBe(wanted);
  });

  test('the platform knows better than any header', () => {
    const request = new Request('http://inner/', { headers: { host: 'evil.example' } });
    expect(baseUrlOf(request, { ...caller, baseUrl: 'https://api.example/prod' })).toBe(
      'https://api.example/prod',
    );
  });
});
