// Reads records: GET /topics/…/partitions/…/records. Kafka's Fetch. It can write nothing.
import { openDataDoor } from '../shared/runtime/aws-door.ts';

export const handler = await openDataDoor('fetch');
