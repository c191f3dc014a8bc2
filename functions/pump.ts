// Hears of new pages by the table's stream, and every hour; starts the jobs that are due.
import { openPump } from '../shared/runtime/aws-pump-handler.ts';

export const handler = await openPump();
