import { describe, expect, test } from 'vitest';
import { openRestDoor } from '../../support/rest-door.ts';

const origin = 'https://page.example';
const preflight = { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } };

describe('calls from a browser', () => {
  test('a page of an allowed origin may ask, send and read, errors too', async () => {
    const door = await openRestDoor({ settings: { corsOrigins: [origin] } });
    const asked = await door.request('/topics/orders', preflight);
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(origin);
    expect(asked.headers.get('access-control-allow-methods')).toContain('POST');
    expect(asked.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('content-type');
    for (const path of ['/topics', '/nope', '/topics/none']) {
      const response = await door.request(path, { headers: { origin } });
      expect(response.headers.get('access-control-allow-origin')).toBe(origin);
      expect(response.headers.get('vary')).toContain('Origin');
    }
  });

  test('every origin is allowed when * is', async () => {
    const door = await openRestDoor({ settings: { corsOrigins: ['*'] } });
    expect((await door.request('/topics', preflight)).headers.get('access-control-allow-origin')).toBe('*');
    expect(
      (await door.request('/nope', { headers: { origin } })).headers.get('access-control-allow-origin'),
    ).toBe('*');
  });

  test('another origin is told nothing, and none is by default', async () => {
    for (const corsOrigins of [[], ['https://other.example']]) {
      const door = await openRestDoor({ settings: { corsOrigins } });
      for (const init of [preflight, { headers: { origin } }]) {
        const response = await door.request('/topics', init);
        expect(response.headers.get('access-control-allow-origin')).toBeNull();
      }
    }
  });

  test('a call without an origin has no such headers', async () => {
    const door = await openRestDoor({ settings: { corsOrigins: ['*'] } });
    expect((await door.request('/topics')).headers.get('access-control-allow-origin')).toBeNull();
  });
});
