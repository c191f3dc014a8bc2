// Runs while a stack is deployed or destroyed, and does what CloudFormation cannot do by itself.
import { handleDeployment } from '../shared/runtime/aws-deployment.ts';

export const handler = handleDeployment;
