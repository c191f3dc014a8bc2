import { Duration, Fn } from 'aws-cdk-lib';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { FunctionUrlAuthType, type HttpMethod } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { BrokerFunction } from './broker-function.ts';
import { cors, type Door, type DoorFunctions } from './door.ts';

export type FunctionUrlDoorProps = {
  readonly functions: DoorFunctions;
  readonly corsOrigins: readonly string[];
};

/**
 * Three function URLs: nothing to pay beside the functions. Rights are for a whole door: the path is not part
 * of what IAM judges, so a grant for one topic is refused rather than given for all.
 */
export class FunctionUrlDoor extends Construct implements Door {
  readonly urls: Readonly<Record<string, string>>;
  private readonly functions: DoorFunctions;

  constructor(scope: Construct, id: string, props: FunctionUrlDoorProps) {
    super(scope, id);
    this.functions = props.functions;
    const urlOf = ({ function: door }: BrokerFunction): string =>
      withoutSlash(
        door.addFunctionUrl({
          authType: FunctionUrlAuthType.AWS_IAM,
          ...(props.corsOrigins.length ? { cors: corsOf(props.corsOrigins) } : {}),
        }).url,
      );
    this.urls = {
      Url: urlOf(props.functions.rest),
      ProduceUrl: urlOf(props.functions.produce),
      FetchUrl: urlOf(props.functions.fetch),
    };
  }

  grantProduce(grantee: IGrantable, topic: string): Grant {
    return this.grant(grantee, topic, this.functions.produce);
  }

  grantConsume(grantee: IGrantable, topic: string): Grant {
    return this.grant(grantee, topic, this.functions.fetch);
  }

  grantManage(grantee: IGrantable): Grant {
    const { produce, fetch, rest } = this.functions;
    return [produce, fetch, rest]
      .map((door) => door.function.grantInvokeUrl(grantee))
      .reduce((all, grant) => all.combine(grant));
  }

  /**
   * `grantInvokeUrl`, never `grantInvoke`: it also gives `lambda:InvokeFunction`, which a URL needs, but only
   * by way of the URL. Whoever could invoke the function directly could write any caller into the event.
   */
  private grant(grantee: IGrantable, topic: string, door: BrokerFunction): Grant {
    if (topic !== '*') {
      throw new Error(
        `a function URL cannot give rights on "${topic}" alone: leave the topic out and grant the whole door, ` +
          'or use api: "http"',
      );
    }
    return door.function.grantInvokeUrl(grantee);
  }
}

/** The attribute ends in a slash, unlike the addresses of the other doors. */
const withoutSlash = (url: string): string => `https://${Fn.select(2, Fn.split('/', url))}`;

const corsOf = (origins: readonly string[]) => ({
  allowedOrigins: [...origins],
  allowedMethods: cors.methods.map((method) => method as HttpMethod),
  allowedHeaders: [...cors.requestHeaders],
  exposedHeaders: [...cors.answerHeaders],
  maxAge: Duration.seconds(cors.maxAgeSeconds),
});
