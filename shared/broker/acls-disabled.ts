import { kafkaErrors } from '../kafka/error-codes.ts';

/** What Kafka answers about ACLs where nothing is authorized. */
export const aclsDisabled = {
  errorCode: kafkaErrors.SECURITY_DISABLED.code,
  errorMessage: kafkaErrors.SECURITY_DISABLED.message,
};
