import { embeddedEngine } from '../support/embedded-engine.ts';
import { storesSuite } from './stores.suite.ts';

storesSuite(embeddedEngine);
