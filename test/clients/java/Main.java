import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The Java client, doing what README.md of the folder above says. */
public final class Main {
    private static final Map<String, String> given = new HashMap<>();
    private static String bootstrap;
    private static volatile boolean isStopped;

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        for (int place = 2; place < arguments.length; place++) {
            String[] pair = arguments[place].split("=", 2);
            given.put(pair[0], pair[1]);
        }
        switch (arguments[1]) {
            case "produce" -> produce();
            case "consume" -> consume();
            case "offset-for-time" -> offsetForTime();
            case "admin" -> administrate();
            default -> throw new IllegalArgumentException(arguments[1]);
        }
    }

    private static String text(String name, String otherwise) {
        return given.getOrDefault(name, otherwise);
    }

    private static int number(String name, int otherwise) {
        return Integer.parseInt(text(name, String.valueOf(otherwise)));
    }

    private static void print(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static String quoted(byte[] bytes) {
        return bytes == null ? "null" : '"' + new String(bytes, StandardCharsets.UTF_8) + '"';
    }

    private static List<ProducerRecord<byte[], byte[]>> records() {
        String topic = text("topic", "");
        Integer partition = number("partition", -1) < 0 ? null : number("partition", -1);
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        if (text("shape", "plain").equals("odd")) {
            records.add(new ProducerRecord<>(topic, partition, null, bytes("v")));
            records.add(new ProducerRecord<>(topic, partition, bytes("k"), null));
            records.add(new ProducerRecord<>(topic, partition, bytes("k"), bytes("")));
            return records;
        }
        String filling = "millrace ".repeat(10).trim();
        int keys = number("keys", 0);
        for (int place = 0; place < number("count", 0); place++) {
            int index = number("first", 0) + place;
            String key = keys > 0 ? "key-" + index % keys : null;
            String value = text("prefix", "r") + "-" + index + "-" + filling;
            Long time = given.containsKey("time") ? Long.parseLong(given.get("time")) + place * 1000L : null;
            var record = new ProducerRecord<>(topic, partition, time, bytes(key), bytes(value));
            record.headers().add("index", bytes(String.valueOf(index))).add("index", bytes("again"));
            records.add(record);
        }
        return records;
    }

    private static void produce() throws Exception {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("compression.type", text("codec", "none"));
        settings.put("acks", text("acks", "all"));
        settings.put("enable.idempotence", text("idempotent", "false"));
        settings.put("linger.ms", "20");
        List<Future<RecordMetadata>> futures = new ArrayList<>();
        var serializer = new ByteArraySerializer();
        try (var producer = new KafkaProducer<>(settings, serializer, serializer)) {
            int pauseMs = number("pause", 0);
            for (var record : records()) {
                futures.add(producer.send(record));
                if (pauseMs > 0 && futures.size() % 10 == 0) Thread.sleep(pauseMs);
            }
            producer.flush();
        }
        List<String> sent = new ArrayList<>();
        for (var future : futures) {
            RecordMetadata told = future.get(60, TimeUnit.SECONDS);
            if (told.hasOffset()) sent.add("[" + told.partition() + "," + told.offset() + "]");
        }
        print("{\"sent\":[" + String.join(",", sent) + "]}");
    }

    private static KafkaConsumer<byte[], byte[]> openConsumer() {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("enable.auto.commit", "false");
        settings.put("auto.offset.reset", "earliest");
        settings.put("max.poll.records", "1");
        if (given.containsKey("group")) settings.put("group.id", given.get("group"));
        String assignor = text("assignor", "range");
        if (assignor.equals("consumer")) {
            settings.put("group.protocol", "consumer");
        } else {
            settings.put("session.timeout.ms", "6000");
            settings.put("heartbeat.interval.ms", "1000");
            String name = assignor.equals("cooperative") ? "CooperativeStickyAssignor" : "RangeAssignor";
            settings.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer." + name);
        }
        var deserializer = new ByteArrayDeserializer();
        return new KafkaConsumer<>(settings, deserializer, deserializer);
    }

    private static void consume() throws Exception {
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            isStopped = true;
            try {
                main.join(20_000);
            } catch (InterruptedException error) {
                Thread.currentThread().interrupt();
            }
            // The exit of a process that a signal ends is not its own otherwise.
            Runtime.getRuntime().halt(main.isAlive() ? 1 : 0);
        }));
        var consumer = openConsumer();
        position(consumer);
        int count = number("count", 0);
        int seen = 0;
        Set<Integer> assigned = null;
        while (!isStopped && (count == 0 || seen < count)) {
            var found = consumer.poll(Duration.ofMillis(200));
            Set<Integer> now = consumer.assignment().stream()
                .map(TopicPartition::partition).collect(Collectors.toCollection(TreeSet::new));
            if (!now.equals(assigned)) print("{\"assigned\":" + now + "}");
            assigned = now;
            for (var record : found) {
                seen++;
                print(shown(record));
                if (given.containsKey("group")) commit(consumer, record);
            }
        }
        consumer.close();
        print("{\"closed\":true}");
    }

    private static void position(KafkaConsumer<byte[], byte[]> consumer) {
        String topic = text("topic", "");
        if (given.containsKey("group")) {
            consumer.subscribe(List.of(topic));
        } else if (number("partition", -1) >= 0) {
            var partition = new TopicPartition(topic, number("partition", -1));
            consumer.assign(List.of(partition));
            consumer.seek(partition, number("offset", 0));
        } else {
            var all = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition())).toList();
            consumer.assign(all);
            consumer.seekToBeginning(all);
        }
    }

    private static String shown(ConsumerRecord<byte[], byte[]> record) {
        List<String> headers = new ArrayList<>();
        for (Header header : record.headers())
            headers.add("[\"" + header.key() + "\"," + quoted(header.value()) + "]");
        return String.format(
            "{\"record\":{\"partition\":%d,\"offset\":%d,\"key\":%s,\"value\":%s,\"headers\":[%s],\"time\":%d}}",
            record.partition(), record.offset(), quoted(record.key()), quoted(record.value()),
            String.join(",", headers), record.timestamp());
    }

    /** A rebalance may take the partition away before the commit: then the record comes again, elsewhere. */
    private static void commit(KafkaConsumer<byte[], byte[]> consumer, ConsumerRecord<byte[], byte[]> record) {
        var partition = new TopicPartition(record.topic(), record.partition());
        try {
            consumer.commitSync(Map.of(partition, new OffsetAndMetadata(record.offset() + 1)));
        } catch (CommitFailedException | RebalanceInProgressException ignored) {
            return;
        }
    }

    private static void offsetForTime() {
        try (var consumer = openConsumer()) {
            var partition = new TopicPartition(text("topic", ""), number("partition", 0));
            var found = consumer.offsetsForTimes(Map.of(partition, Long.parseLong(text("time", "0"))));
            var answer = found.get(partition);
            print("{\"offset\":" + (answer == null ? -1 : answer.offset()) + "}");
        }
    }

    private static int partitions(Admin admin, String topic) throws Exception {
        return admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size();
    }

    private static void administrate() throws Exception {
        String topic = text("topic", "");
        try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            var wanted = new NewTopic(topic, 3, (short) 1).configs(Map.of("retention.ms", "3600000"));
            admin.createTopics(List.of(wanted)).all().get();
            print("{\"created\":" + partitions(admin, topic) + "}");
            print("{\"listed\":" + admin.listTopics().names().get().contains(topic) + "}");
            var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
            var config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
            print("{\"config\":\"" + config.get("retention.ms").value() + "\"}");
            admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(5))).all().get();
            print("{\"grown\":" + partitions(admin, topic) + "}");
            admin.deleteTopics(List.of(topic)).all().get();
            for (int tries = 0; tries < 100 && admin.listTopics().names().get().contains(topic); tries++)
                Thread.sleep(100);
            print("{\"deleted\":" + !admin.listTopics().names().get().contains(topic) + "}");
        }
    }
}
