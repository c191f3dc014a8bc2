import { type Client, cached } from './client-program.ts';

const npmFolder = cached('clients-npm');
const isNewNode = Number(process.versions.node.split('.')[0]) >= 22;
const node22 = isNewNode
  ? process.execPath
  : `${npmFolder}/node_modules/node-${process.platform}-${process.arch}/bin/node`;
const python = cached('clients-venv/bin/python');
const programs = new URL('.', import.meta.url).pathname;
const env = { CLIENTS_NPM: npmFolder };

/** Each client, and what it has no means for. */
export const clients = {
  kafkajs: {
    name: 'kafkajs 2.2.4',
    command: [process.execPath, `${programs}kafkajs/program.mjs`],
    env,
    lacks: ['cooperative', 'kip848'],
  },
  kcat: {
    name: 'kcat 1.7.1, librdkafka 2.0.2',
    command: [process.execPath, `${programs}kcat/program.mjs`],
    // It ends when no broker answers.
    lacks: ['time', 'kip848', 'admin', 'live', 'kill'],
  },
  confluent: {
    name: 'confluent-kafka 2.16.1',
    command: [python, `${programs}python/confluent.py`],
    lacks: [],
  },
  kafkaPython: {
    name: 'kafka-python 3.0.12',
    command: [python, `${programs}python/kafka_python.py`],
    lacks: ['kip848'],
  },
  aiokafka: {
    name: 'aiokafka 0.14.0',
    command: [python, `${programs}python/aiokafka_program.py`],
    lacks: ['cooperative', 'kip848'],
  },
  java: {
    name: 'Java client 4.1.1',
    command: [
      'java',
      '-Xmx256m',
      '-cp',
      `${cached('clients-java')}/*:${cached('clients-java/classes')}`,
      'Main',
    ],
    lacks: [],
  },
  franz: {
    name: 'franz-go 1.22.3',
    command: [cached('clients-go/franz')],
    lacks: [],
  },
  platformatic: {
    name: '@platformatic/kafka 2.12.1',
    command: [node22, `${programs}platformatic/program.mjs`],
    env,
    lacks: ['cooperative'],
  },
} satisfies Record<string, Client>;
