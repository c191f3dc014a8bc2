import { systemClock } from '../../shared/base/clock.ts';
import type { Log } from '../../shared/base/log.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { AwsNotUsable, adviceOf } from '../../shared/runtime/aws-advice.ts';
import type { FrameFunction } from '../../shared/runtime/aws-frames.ts';
import { openLambdaInvoker } from '../../shared/runtime/aws-invoke.ts';
import { readStackOutputs, requiredOutputs } from '../../shared/runtime/aws-stack.ts';
import { type FrameInvoker, type InvokeError, invokeFailureOf } from '../../shared/runtime/frame-invoker.ts';
import { GatewayAlone } from '../../shared/runtime/gateway-cluster.ts';
import type { GatewayRuntime } from '../../shared/runtime/gateway-runtime.ts';
import { functionOutputs, settingNames } from '../../shared/runtime/settings.ts';
import { openInvokeBroker } from './invoke-broker.ts';

export type InvokeGatewayOptions = {
  /** Names or ARNs. Default: what the environment says, then what the stack printed. */
  readonly functions?: Readonly<Record<FrameFunction, string>>;
  /** A deployed stack whose outputs name the functions. */
  readonly stack?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly brokerId?: number;
  /** `gateway.heartbeat.hold.ms`. Default 0. */
  readonly heartbeatHoldMs?: number;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
};

/** Neither named nor to be found. */
export class FunctionsNotNamed extends Error {
  override name = 'FunctionsNotNamed';
}

/**
 * A gateway that has no right but to invoke three functions. It advertises only itself: the leases by which
 * gateways find each other lie in the table. Throws FunctionsNotNamed and AwsNotUsable.
 */
export async function openInvokeGateway(options: InvokeGatewayOptions): Promise<GatewayRuntime> {
  const { log, region, endpoint, brokerId = 1, heartbeatHoldMs = 0 } = options;
  const place = {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  const invoker = openLambdaInvoker({ functions: await functionsOf(options, place), ...place });
  await checkFunctions(invoker, log).catch((error) => {
    invoker.close();
    throw error;
  });
  const membership = new GatewayAlone('', brokerId);
  const nodes = () => membership.brokers;
  const world = { clock: systemClock, random: systemRandom, log };
  const broker = await openInvokeBroker({ invoker, nodes, heartbeatHoldMs, ...world });
  return { broker, membership, close: async () => invoker.close() };
}

/**
 * Invokes each function with nothing to do. Whoever starts a gateway hears of a right or a name that is
 * missing, not its clients; what may pass does not keep it from starting. Throws AwsNotUsable.
 */
async function checkFunctions(invoker: FrameInvoker, log: Log): Promise<void> {
  const check = async (name: FrameFunction): Promise<void> => {
    try {
      await invoker.invoke(name, { brokerId: 0, brokers: [], waitMsMax: 0, calls: [] });
    } catch (error) {
      if (invokeFailureOf(error) === 'refused') throw notUsable(error as InvokeError);
      log.warn('a function could not be invoked yet', { name, error });
    }
  };
  await Promise.all([check('produce'), check('fetch'), check('control')]);
}

function notUsable(error: InvokeError): AwsNotUsable {
  const [name, ...reasons] = error.message.split(': ');
  const right = 'lambda:InvokeFunction (`grantGateway(role, "invoke")` gives it)';
  const message = `The function ${name} cannot be invoked: ${reasons.join(': ').replace(/\.$/, '')}.`;
  return new AwsNotUsable(message, adviceOf(error.cause, right), error);
}

async function functionsOf(
  { functions, stack, environment = process.env }: InvokeGatewayOptions,
  place: { region?: string; endpoint?: string },
): Promise<Readonly<Record<FrameFunction, string>>> {
  if (functions !== undefined) return functions;
  const { produceFunction, fetchFunction, controlFunction } = settingNames;
  const names = [produceFunction, fetchFunction, controlFunction] as const;
  const [produce, fetch, control] = names.map((name) => environment[name] ?? '');
  if (produce && fetch && control) return { produce, fetch, control };
  if (stack === undefined)
    throw new FunctionsNotNamed(`Name the stack (--stack), or its functions (${names.join(', ')}).`);
  const found = requiredOutputs(stack, await readStackOutputs(stack, place), Object.values(functionOutputs));
  return {
    produce: found[functionOutputs.produce],
    fetch: found[functionOutputs.fetch],
    control: found[functionOutputs.control],
  };
}
