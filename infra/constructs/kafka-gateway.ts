import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { type Connections, type IConnectable, type IVpc, Port } from 'aws-cdk-lib/aws-ec2';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  Cluster,
  ContainerImage,
  ContainerInsights,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  type ICluster,
  LogDriver,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DnsRecordType, PrivateDnsNamespace } from 'aws-cdk-lib/aws-servicediscovery';
import { Construct } from 'constructs';
import { settingNames } from '../../shared/runtime/settings.ts';
import { gatewayImageFolder } from '../gateway-image.ts';
import type { Millrace } from '../millrace.ts';
import { directGatewayRights, type GatewayMode } from './gateway-rights.ts';
import { wildcardsOf } from './rights.ts';

export type KafkaGatewayProps = {
  readonly log: Millrace;
  /** Where clients are. The tasks run in its private subnets and need a way to AWS: endpoints or a NAT. */
  readonly vpc: IVpc;
  /** `direct`: rights on table and bucket. `invoke`: to invoke three functions. Default `direct`. */
  readonly mode?: GatewayMode;
  /** Tasks, each of which serves every partition. Default 1. */
  readonly tasks?: number;
  /** 1,024 are one CPU. Default 512. */
  readonly cpu?: number;
  /** Default 1,024 MB. */
  readonly memoryMb?: number;
  /** Default: built by Docker when the stack is deployed. */
  readonly image?: ContainerImage;
  /** Default: one of its own. */
  readonly cluster?: ICluster;
  /** The private zone in which the gateway has its name. Default `millrace.internal`. */
  readonly zone?: string;
  readonly logRetention?: RetentionDays;
};

const port = 9092;
const serviceName = 'kafka';

/**
 * A Kafka port in a VPC: tasks on Fargate that hold nothing, behind one name. Unlike everything else it runs
 * while nothing flows, and costs money by the hour. Nobody is let in until `allowFrom` says so: who reaches
 * the port is not asked who it is.
 */
export class KafkaGateway extends Construct implements IConnectable {
  /** What clients begin with: a name that is known inside the VPC. */
  readonly bootstrapServers: string;
  readonly service: FargateService;
  readonly connections: Connections;

  constructor(scope: Construct, id: string, props: KafkaGatewayProps) {
    super(scope, id);
    const { log, vpc, mode = 'direct', tasks = 1, zone = 'millrace.internal' } = props;
    if (!Number.isInteger(tasks) || tasks < 1) throw new Error(`tasks must be 1 or more, not ${tasks}`);
    const name = `${serviceName}.${zone}`;
    const task = this.newTask(props, mode, name);
    log.grantGateway(task.taskRole, mode);
    if (mode === 'direct')
      Validations.of(task.taskRole).acknowledge(
        ...wildcardsOf(directGatewayRights, { table: log.table, bucket: log.bucket }),
      );
    const cluster = props.cluster ?? this.newCluster(vpc);
    const cloudMapNamespace = new PrivateDnsNamespace(this, 'Zone', { vpc, name: zone });
    this.service = new FargateService(this, 'Service', {
      cluster,
      taskDefinition: task,
      desiredCount: tasks,
      minHealthyPercent: 100,
      circuitBreaker: { rollback: true },
      cloudMapOptions: {
        name: serviceName,
        cloudMapNamespace,
        dnsRecordType: DnsRecordType.A,
        dnsTtl: Duration.seconds(10),
      },
    });
    this.connections = this.service.connections;
    this.bootstrapServers = `${name}:${port}`;
  }

  /** Lets clients connect to the port. */
  allowFrom(clients: IConnectable): void {
    this.connections.allowFrom(clients, Port.tcp(port), 'Kafka clients');
  }

  private newCluster(vpc: IVpc): ICluster {
    const cluster: unknown = new Cluster(this, 'Cluster', {
      vpc,
      containerInsightsV2: ContainerInsights.ENABLED,
    });
    return cluster as ICluster; // the CDK's own declarations do not fit exact optional properties
  }

  private newTask(props: KafkaGatewayProps, mode: GatewayMode, name: string): FargateTaskDefinition {
    const { cpu = 512, memoryMb = 1_024, logRetention = RetentionDays.TWO_WEEKS } = props;
    const task = new FargateTaskDefinition(this, 'Task', {
      cpu,
      memoryLimitMiB: memoryMb,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.ARM64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    const logGroup = new LogGroup(this, 'Log', {
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    task.addContainer('Gateway', {
      image:
        props.image ?? ContainerImage.fromAsset(gatewayImageFolder(), { platform: Platform.LINUX_ARM64 }),
      command: ['--mode', mode, '--host', '0.0.0.0', '--port', String(port), '--advertised-host', name],
      environment: environmentOf(props.log, mode),
      logging: LogDriver.awsLogs({ streamPrefix: 'gateway', logGroup }),
      portMappings: [{ containerPort: port }],
      readonlyRootFilesystem: true,
      stopTimeout: Duration.seconds(30),
    });
    Validations.of(task).acknowledge({
      id: 'AwsSolutions-ECS2',
      reason: 'The variables are names of resources of this stack; nothing in them is secret.',
    });
    acknowledgeExecutionRole(task);
    return task;
  }
}

function environmentOf({ table, bucket, functions }: Millrace, mode: GatewayMode): Record<string, string> {
  if (mode === 'direct')
    return { [settingNames.tableName]: table.tableName, [settingNames.bucketName]: bucket.bucketName };
  const { produce, fetch, control } = functions;
  return {
    [settingNames.produceFunction]: produce.function.functionName,
    [settingNames.fetchFunction]: fetch.function.functionName,
    [settingNames.controlFunction]: control.function.functionName,
  };
}

/** Made by the CDK: it pulls the image and writes the log. */
function acknowledgeExecutionRole(task: FargateTaskDefinition): void {
  Validations.of(task.obtainExecutionRole()).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'ecr:GetAuthorizationToken, which pulling the image needs, knows no resource.',
  });
}
