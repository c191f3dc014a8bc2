import { awsLimits } from '../../shared/runtime/settings.ts';
import type { DoorTraits, RestUnderTest } from '../support/rest-client.ts';
import { canShow, type EmulatorName } from './capabilities.ts';
import type { SigningProxy } from './signing-proxy.ts';

const answerBytesMax = awsLimits.answerBytesMax;
/** An emulator starts a process of its own for each call at the same time. */
const callersAtOnce = 8;

/** AWS's HTTP API decodes paths, reads application/json as text, and answers OPTIONS itself (payload 2.0). */
export const httpApiTraits: DoorTraits = {
  keepsEscapedSlashes: false,
  keepsBytesOfJson: false,
  passesOptions: false,
  answerBytesMax,
  callersAtOnce,
};

/** AWS's REST API keeps paths as they came; with `binaryMediaTypes` every body is bytes. */
export const restApiTraits = (emulator: EmulatorName): DoorTraits => ({
  keepsEscapedSlashes: canShow(emulator, 'escaped paths of a REST API'),
  keepsBytesOfJson: true,
  passesOptions: false,
  answerBytesMax,
  callersAtOnce,
});

/** The door of a deployed stack, as the suites of the HTTP API take it. */
export const openRestDoorAt = (proxy: SigningProxy, traits: DoorTraits): RestUnderTest => ({
  traits,
  request: (path, init) => fetch(`${proxy.url}${path}`, init),
  close: () => proxy.close(),
});
