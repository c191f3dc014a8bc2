const { rooms } = require('./layers.cjs');

const anyRoom = `^(${Object.keys(rooms).join('|')})(/|$|\\.)`;
const escaped = (path) => path.replace(/[.]/g, '\\.');
const onlyAllowedRooms = Object.entries(rooms).map(([room, mayImport]) => ({
  name: `${room} -> allowed rooms only`,
  severity: 'error',
  from: { path: `^${escaped(room)}/` },
  to: { path: anyRoom, pathNot: [`${room}/`, ...mayImport].map((path) => `^${escaped(path)}`) },
}));

module.exports = {
  forbidden: [
    ...onlyAllowedRooms,
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'pure rooms do no I/O',
      severity: 'error',
      from: { path: '^shared/(base|kafka|protocol|records)/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(buffer|zlib|crypto|assert)$' },
    },
    {
      name: 'engines are chosen by runtime only',
      severity: 'error',
      from: { path: '^shared/(?!runtime/|storage/)' },
      to: { path: '^shared/storage/(aws|embedded|memory)/' },
    },
    {
      name: 'the AWS SDK has three homes',
      severity: 'error',
      from: { pathNot: '^shared/storage/aws/|^shared/runtime/aws|^cli/aws/|^test/|^bench/|^node_modules/' },
      to: { path: '@aws-sdk/' },
    },
    {
      name: 'the CDK stays in infra',
      severity: 'error',
      from: { pathNot: '^(infra|test/infra|test/aws)/|^node_modules/' },
      to: { path: 'aws-cdk-lib|constructs|cdk-nag' },
    },
    { name: 'no unresolved import', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
    exclude: { path: '^(dist|cdk\\.out|data)/|^test/clients/[^/]+/' },
  },
};
