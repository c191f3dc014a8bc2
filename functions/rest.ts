// Everything of the HTTP API that is not a plain produce or fetch.
import { openRestDoor } from '../shared/runtime/aws-door.ts';

export const handler = await openRestDoor();
