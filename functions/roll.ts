// Moves batches of pages into sealed segment objects.
import { openJob } from '../shared/runtime/aws-jobs.ts';

export const handler = await openJob('roll');
