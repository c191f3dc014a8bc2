import { embeddedEngine } from '../support/embedded-engine.ts';
import { brokerLeasesSuite } from './broker-leases.suite.ts';

brokerLeasesSuite(embeddedEngine);
