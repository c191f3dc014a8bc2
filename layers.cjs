// Who may import whom; whatever a row does not name is forbidden. A room may always import itself.
// base → kafka → { records, storage } → { catalog, log, groups } → rest → runtime
// → { functions, local, infra }
const words = ['shared/base/', 'shared/kafka/'];
const domain = ['shared/log/', 'shared/catalog/', 'shared/groups/'];

module.exports.rooms = {
  'shared/base': [],
  'shared/kafka': ['shared/base/'],
  'shared/records': words,
  'shared/storage': words,
  'shared/catalog': [...words, 'shared/storage/'],
  'shared/log': [...words, 'shared/storage/', 'shared/records/'],
  'shared/groups': [...words, 'shared/storage/', 'shared/catalog/'],
  'shared/rest': [...words, 'shared/records/', 'shared/storage/', ...domain],
  'shared/runtime': ['shared/'],
  functions: ['shared/runtime/'],
  local: ['shared/base/', 'shared/runtime/'],
  infra: ['shared/runtime/settings'],
  examples: [],
  bench: ['shared/', 'local/', 'examples/'],
  test: ['shared/', 'functions/', 'local/', 'infra/', 'bench/', 'examples/'],
};
