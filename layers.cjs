// Who may import whom; whatever a row does not name is forbidden. A room may always import itself.
// base → kafka → { protocol, records, storage } → { catalog, log, groups } → { broker, rest } → runtime → {
// functions, gateway, local, infra } → cli
const words = ['shared/base/', 'shared/kafka/'];
const domain = ['shared/log/', 'shared/catalog/', 'shared/groups/'];

module.exports.rooms = {
  'shared/base': [],
  'shared/kafka': ['shared/base/'],
  'shared/protocol': words,
  'shared/records': words,
  'shared/storage': words,
  'shared/catalog': [...words, 'shared/storage/'],
  'shared/log': [...words, 'shared/storage/', 'shared/records/'],
  'shared/groups': [...words, 'shared/storage/', 'shared/catalog/'],
  'shared/broker': [...words, 'shared/protocol/', 'shared/records/', ...domain],
  'shared/rest': [...words, 'shared/records/', 'shared/storage/', ...domain],
  'shared/runtime': ['shared/'],
  functions: ['shared/runtime/'],
  gateway: [...words, 'shared/protocol/', 'shared/records/', 'shared/broker/', 'shared/runtime/'],
  local: ['shared/base/', 'shared/broker/', 'shared/runtime/', 'gateway/'],
  // Of the HTTP API the command line sees the contract alone, as any program would.
  cli: [
    'shared/base/',
    'shared/kafka/murmur2',
    'shared/kafka/topic-names',
    'shared/rest/contract',
    'shared/runtime/aws-advice',
    'shared/runtime/aws-stack',
    'local/serve',
    'local/ensure-installed',
    'gateway/serve-gateway',
  ],
  infra: ['shared/runtime/settings'],
  examples: [],
  bench: ['gateway/', 'shared/', 'local/', 'examples/'],
  test: ['gateway/', 'shared/', 'functions/', 'local/', 'cli/', 'infra/', 'bench/', 'examples/'],
};
