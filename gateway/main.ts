import { serveGateway } from './serve-gateway.ts';

serveGateway(process.argv.slice(2), 'npm run gateway --');
