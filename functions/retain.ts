// Moves log start offsets to what retention keeps, and removes what lies below.
import { openJob } from '../shared/runtime/aws-jobs.ts';

export const handler = await openJob('retain');
