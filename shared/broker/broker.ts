import { MalformedBytes } from '../base/bytes.ts';
import type { Again } from '../groups/api.ts';
import { KafkaError, kafkaErrors } from '../kafka/error-codes.ts';
import { type DecodedRequest, decodeRequest, encodeResponse, UnsupportedRequest } from '../protocol/frame.ts';
import { apiVersions } from '../protocol/messages/api-versions.ts';
import { apiByKey } from '../protocol/messages/index.ts';
import type { BrokerContext, Call, Caller, Invocation } from './broker-context.ts';
import { noAnswer, type Standing } from './handler.ts';
import { type AnyHandler, handlers } from './handlers/index.ts';
import { QuotaThrottle } from './quota-throttle.ts';
import { servedApis } from './served-apis.ts';

/**
 * What becomes of a request: the parts of a response frame (size first), no answer at all (acks=0), or the
 * end of the connection, as Kafka ends one that it cannot make sense of.
 */
export type Answer = readonly Uint8Array[] | 'none' | { readonly close: string };

/** A request on its way. */
export type Serving = {
  /**
   * Resolves when the next request of the connection may begin. True: now, before the answer, because nothing
   * that comes later can overtake it (Produce). False: this one is answered; Kafka would begin the next when
   * the answer is sent. Never rejects.
   */
  readonly admitted: Promise<boolean>;
  /** Never rejects. */
  readonly answer: Promise<Answer>;
};

/** The same, of a request that a gateway may have to bring once more, or whose answer it may hold. */
export type InvokedServing = Omit<Serving, 'answer'> & { readonly answer: Promise<InvokedAnswer> };
type InvokedAnswer = Answer | Again | Standing<readonly Uint8Array[]>;

type Calling = Pick<Call, 'caller' | 'signal' | 'invoked'>;

/** The Kafka API on the domain: one function from a frame to an answer, the same behind every door. */
export class Broker {
  private readonly context: BrokerContext;

  constructor(context: Omit<BrokerContext, 'throttle'>) {
    this.context = { ...context, throttle: new QuotaThrottle(context.quotas, context.clock) };
  }

  /** `frame` is one request, size left off. Never throws: what cannot be answered closes the connection. */
  serve(frame: Uint8Array, caller: Caller, signal: AbortSignal): Serving {
    return this.begin(frame, { caller, signal }) as Serving; // nobody is asked again but who has invoked
  }

  /** The same for a gateway in another process, which may be asked to call again. */
  serveInvoked(frame: Uint8Array, caller: Caller, invoked: Invocation): InvokedServing {
    return this.begin(frame, { caller, signal: neverAborted, invoked });
  }

  private begin(frame: Uint8Array, call: Calling): InvokedServing {
    let request: DecodedRequest;
    try {
      request = decodeRequest(frame);
    } catch (error) {
      return answered(this.answerToUnreadable(error));
    }
    const handler = handlers[request.name];
    if (!handler) return answered({ close: `${request.name} is not served here` });
    let admit = (_isEarly: boolean): void => {};
    const admitted = new Promise<boolean>((resolve) => {
      admit = resolve;
    });
    return { admitted, answer: this.run(handler as AnyHandler, request, call, admit) };
  }

  private async run(
    handler: AnyHandler,
    request: DecodedRequest,
    calling: Calling,
    admit: (isEarly: boolean) => void,
  ): Promise<InvokedAnswer> {
    const { name, apiVersion, clientId, body } = request;
    let muteMs = 0;
    try {
      const call = { version: apiVersion, clientId, ...calling };
      const response = await handler(this.contextOf(calling), body as never, call, () => admit(true));
      if (response === noAnswer) return 'none';
      if ('again' in response) return response;
      if ('standing' in response) return { ...response, standing: encoded(request, response.standing) };
      muteMs = throttleOf(response);
      return encoded(request, response);
    } catch (error) {
      if (error instanceof KafkaError) return { close: `${name}: ${error.message}` };
      this.context.log.error('unexpected failure', { api: name, error });
      return { close: `${name} failed` };
    } finally {
      // Who is over a quota has the answer at once, and its next request waits (KIP-219).
      if (muteMs === 0) admit(false);
      else void this.context.clock.sleep(muteMs, calling.signal).then(() => admit(false));
    }
  }

  private contextOf({ invoked }: Calling): BrokerContext {
    if (invoked === undefined) return this.context;
    return { ...this.context, cluster: invoked.cluster, settings: invoked.settings };
  }

  /**
   * ApiVersions in a version that is not spoken is answered in v0, so that the client can choose one
   * (KIP-511).
   */
  private answerToUnreadable(error: unknown): Answer {
    if (error instanceof UnsupportedRequest && error.header.apiKey === apiVersions.key) {
      const body = { errorCode: kafkaErrors.UNSUPPORTED_VERSION.code, apiKeys: servedApis() };
      return encodeResponse(apiVersions, 0, error.header.correlationId, body);
    }
    if (error instanceof UnsupportedRequest || error instanceof MalformedBytes)
      return { close: error.message };
    this.context.log.error('unexpected failure', { error });
    return { close: 'the request cannot be read' };
  }
}

const neverAborted = new AbortController().signal;
const isAnswered = Promise.resolve(false);
const answered = (answer: Answer): Serving => ({ admitted: isAnswered, answer: Promise.resolve(answer) });

const throttleOf = (response: object): number =>
  'throttleTimeMs' in response ? Number(response.throttleTimeMs ?? 0) : 0;

function encoded({ apiKey, apiVersion, correlationId }: DecodedRequest, body: object): readonly Uint8Array[] {
  const api = apiByKey.get(apiKey);
  if (!api) throw new Error(`there is no API ${apiKey}`);
  return encodeResponse(api, apiVersion, correlationId, body as never);
}
