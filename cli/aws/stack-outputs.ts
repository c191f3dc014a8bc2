import { isNotAllowed } from '../../shared/runtime/aws-advice.ts';
import {
  readStackOutputs,
  requiredOutputs,
  StackNotUsable,
  type StackPlace,
} from '../../shared/runtime/aws-stack.ts';
import type { DoorAddress } from '../door/door-address.ts';
import { CommandFailure } from '../failure.ts';

/** The addresses that a deployed stack printed. Reads its outputs from CloudFormation. */
export async function stackUrls(stack: string, place: StackPlace): Promise<DoorAddress['urls']> {
  try {
    const outputs = await readStackOutputs(stack, place);
    const { Url } = requiredOutputs(stack, outputs, ['Url']);
    const { ProduceUrl: produce, FetchUrl: fetch } = outputs;
    return {
      rest: withoutSlash(Url),
      ...(produce ? { produce: withoutSlash(produce) } : {}),
      ...(fetch ? { fetch: withoutSlash(fetch) } : {}),
    };
  } catch (error) {
    if (!(error instanceof StackNotUsable)) throw error;
    const hasOtherWay = error.cause === undefined || isNotAllowed(error.cause);
    const next = hasOtherWay
      ? `${error.next} Its door can be named by its address: --url https://… --iam.`
      : error.next;
    throw new CommandFailure(error.message, next, error);
  }
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');
