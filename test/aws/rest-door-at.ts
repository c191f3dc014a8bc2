import { awsLimits } from '../../shared/runtime/settings.ts';
import type { DoorTraits, RestUnderTest } from '../support/rest-client.ts';
import type { SigningProxy } from './signing-proxy.ts';

const answerBytesMax = awsLimits.answerBytesMax;

/** What each form of the door changes on the way to its functions. */
export const doorTraits = {
  // It decodes paths, reads application/json as text, and answers OPTIONS itself (AWS, payload 2.0).
  http: { keepsEscapedSlashes: false, keepsBytesOfJson: false, passesOptions: false, answerBytesMax },
  // With binaryMediaTypes every body is bytes.
  rest: { keepsEscapedSlashes: true, keepsBytesOfJson: true, passesOptions: false, answerBytesMax },
} as const satisfies Record<string, DoorTraits>;

/** The door of a deployed stack, as the suites of the HTTP API take it. */
export const openRestDoorAt = (proxy: SigningProxy, traits: DoorTraits): RestUnderTest => ({
  traits,
  request: (path, init) => fetch(`${proxy.url}${path}`, init),
  close: () => proxy.close(),
});
