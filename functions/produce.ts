// Appends records: POST /topics/… and …/records, and Kafka's Produce. It neither deletes nor touches topics.
import { openDataDoor } from '../shared/runtime/aws-door.ts';

export const handler = await openDataDoor('produce');
