import type { RestUnderTest } from '../support/rest-client.ts';
import type { SigningProxy } from './signing-proxy.ts';

/** The door of a deployed stack, as the suites of the HTTP API take it. */
export const openRestDoorAt = (proxy: SigningProxy): RestUnderTest => ({
  request: (path, init) => fetch(`${proxy.url}${path}`, init),
  close: () => proxy.close(),
});
