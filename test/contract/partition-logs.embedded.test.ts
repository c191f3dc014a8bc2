import { embeddedEngine } from '../support/embedded-engine.ts';
import { partitionLogsSuite } from './partition-logs.suite.ts';

partitionLogsSuite(embeddedEngine);
