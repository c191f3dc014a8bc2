// Removes what nothing names: staged batches of processes that died, and the data of deleted topics.
import { openJob } from '../shared/runtime/aws-jobs.ts';

export const handler = await openJob('sweep');
