import java.lang.reflect.Field;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * Starts DynamoDB Local in memory, on the loopback interface and a free port. Started by itself it listens on every
 * interface and has no option for it. Prints `listening on <port>`; ends when its standard input ends, so that it
 * does not outlive whoever started it.
 */
public class LoopbackDynamoDbLocal {
  public static void main(String[] arguments) throws Exception {
    String[] options = {"-inMemory", "-sharedDb", "-disableTelemetry", "-port", "8000"};
    DynamoDBProxyServer dynamoDb = ServerRunner.createServerFromCommandLineArgs(options);
    Field field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    ServerConnector connector = (ServerConnector) ((Server) field.get(dynamoDb)).getConnectors()[0];
    connector.setHost("127.0.0.1");
    connector.setPort(0);
    dynamoDb.start();
    System.out.println("listening on " + connector.getLocalPort());
    while (System.in.read() >= 0) {}
    System.exit(0);
  }
}
