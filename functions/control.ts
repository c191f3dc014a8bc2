// Every call of Kafka's protocol but Produce and Fetch, for gateways that invoke functions.
import { openControl } from '../shared/runtime/aws-frames.ts';

export const handler = await openControl();
