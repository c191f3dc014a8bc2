import { clientSuite } from './client-suite.ts';
import { clients } from './clients.ts';

clientSuite(clients.kafkajs);
