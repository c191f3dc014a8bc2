// Appends records: POST /topics/… and …/records, and Kafka's Produce. It can neither delete nor change the
// catalog.
import { openDataDoor } from '../shared/runtime/aws-door.ts';

export const handler = await openDataDoor('produce');
