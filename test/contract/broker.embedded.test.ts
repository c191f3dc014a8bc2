import { embeddedEngine } from '../support/embedded-engine.ts';
import { brokerSuite } from './broker.suite.ts';

brokerSuite(embeddedEngine);
