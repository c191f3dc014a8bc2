import { MalformedBytes } from '../base/bytes.ts';
import { kafkaErrors } from '../kafka/error-codes.ts';
import { type DecodedRequest, decodeRequest, encodeResponse, UnsupportedRequest } from '../protocol/frame.ts';
import { apiVersions } from '../protocol/messages/api-versions.ts';
import { apiByKey } from '../protocol/messages/index.ts';
import type { BrokerContext, Caller } from './broker-context.ts';
import { noAnswer } from './handler.ts';
import { type AnyHandler, handlers } from './handlers/index.ts';
import { servedApis } from './served-apis.ts';

/**
 * What becomes of a request: the parts of a response frame (size first), no answer at all (acks=0), or the end of the
 * connection, as Kafka ends one that it cannot make sense of.
 */
export type Answer = readonly Uint8Array[] | 'none' | { readonly close: string };

/** A request on its way. */
export type Serving = {
  /**
   * Resolves when the next request of the connection may begin: at once where order is settled on admission (Produce),
   * otherwise with the answer, as Kafka mutes a connection.
   */
  readonly admitted: Promise<void>;
  readonly answer: Promise<Answer>;
};

/** The Kafka API on the domain: one function from a frame to an answer, the same behind every door. */
export class Broker {
  private readonly context: BrokerContext;

  constructor(context: BrokerContext) {
    this.context = context;
  }

  /** `frame` is one request, size left off. Never rejects: what cannot be answered closes the connection. */
  serve(frame: Uint8Array, caller: Caller, signal: AbortSignal): Serving {
    let request: DecodedRequest;
    try {
      request = decodeRequest(frame);
    } catch (error) {
      const answer = Promise.resolve(answerToUnreadable(error));
      return { admitted: Promise.resolve(), answer };
    }
    const handler = handlers[request.name];
    if (!handler) return ended(`${request.name} is not served here`);
    return this.run(handler as AnyHandler, request, caller, signal);
  }

  private run(handler: AnyHandler, request: DecodedRequest, caller: Caller, signal: AbortSignal): Serving {
    let admit = (): void => {};
    const admitted = new Promise<void>((resolve) => {
      admit = resolve;
    });
    const { apiVersion: version, clientId } = request;
    const call = { version, clientId, caller, signal };
    const answer = handler(this.context, request.body as never, call, admit)
      .then((body) => (body === noAnswer ? 'none' : encoded(request, body)))
      .catch((error: unknown): Answer => {
        if (!signal.aborted) this.context.log.error('unexpected failure', { api: request.name, error });
        return { close: `${request.name} failed` };
      })
      .finally(admit);
    return { admitted, answer };
  }
}

function encoded({ apiKey, apiVersion, correlationId }: DecodedRequest, body: object): Answer {
  const api = apiByKey.get(apiKey);
  if (!api) throw new Error(`there is no API ${apiKey}`);
  return encodeResponse(api, apiVersion, correlationId, body as never);
}

const ended = (reason: string): Serving => ({
  admitted: Promise.resolve(),
  answer: Promise.resolve({ close: reason }),
});

/** ApiVersions in a version that is not spoken is answered in v0, so that the client can choose one (KIP-511). */
function answerToUnreadable(error: unknown): Answer {
  if (error instanceof UnsupportedRequest && error.header.apiKey === apiVersions.key) {
    const body = { errorCode: kafkaErrors.UNSUPPORTED_VERSION.code, apiKeys: servedApis() };
    return encodeResponse(apiVersions, 0, error.header.correlationId, body);
  }
  if (error instanceof UnsupportedRequest || error instanceof MalformedBytes) return { close: error.message };
  throw error;
}
