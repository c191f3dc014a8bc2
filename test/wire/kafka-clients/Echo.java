import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.nio.ByteBuffer;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.ConsumerProtocolAssignment;
import org.apache.kafka.common.message.ConsumerProtocolSubscription;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;

/**
 * Reads messages with Kafka's own classes and writes them back with the same. Each comes as kind (0 request
 * frame, 1 response frame, 2 subscription, 3 assignment), API key, version, length, bytes; each goes back as
 * length, bytes, or as a length below zero that says how many bytes of explanation follow.
 */
class Echo {
    public static void main(String[] arguments) throws Exception {
        DataInputStream in = new DataInputStream(System.in);
        DataOutputStream out = new DataOutputStream(System.out);
        while (true) {
            int kind = in.read();
            if (kind < 0) break;
            short key = in.readShort();
            short version = in.readShort();
            byte[] bytes = in.readNBytes(in.readInt());
            try {
                byte[] echo = echo(kind, key, version, bytes);
                out.writeInt(echo.length);
                out.write(echo);
            } catch (Throwable problem) {
                byte[] text = problem.toString().getBytes("UTF-8");
                out.writeInt(-text.length);
                out.write(text);
            }
        }
        out.flush();
    }

    static byte[] echo(int kind, short key, short version, byte[] bytes) {
        ByteBufferAccessor from = new ByteBufferAccessor(ByteBuffer.wrap(bytes));
        if (kind == 2) return rest(from, write(new ConsumerProtocolSubscription(from, version), version));
        if (kind == 3) return rest(from, write(new ConsumerProtocolAssignment(from, version), version));
        ApiMessageType type = ApiMessageType.fromApiKey(key);
        short headerVersion = kind == 0
            ? type.requestHeaderVersion(version)
            : type.responseHeaderVersion(version);
        byte[] header = kind == 0
            ? write(new RequestHeaderData(from, headerVersion), headerVersion)
            : write(new ResponseHeaderData(from, headerVersion), headerVersion);
        Message message = kind == 0 ? type.newRequest() : type.newResponse();
        message.read(from, version);
        byte[] body = rest(from, write(message, version));
        byte[] both = new byte[header.length + body.length];
        System.arraycopy(header, 0, both, 0, header.length);
        System.arraycopy(body, 0, both, header.length, body.length);
        return both;
    }

    static byte[] rest(ByteBufferAccessor from, byte[] echo) {
        if (from.remaining() > 0) throw new IllegalStateException(from.remaining() + " bytes not read");
        return echo;
    }

    static byte[] write(Message message, short version) {
        ByteBuffer buffer = MessageUtil.toByteBufferAccessor(message, version).buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
