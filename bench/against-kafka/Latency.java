import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends records of 1 KB at a steady rate and reads them back: the time from when a record was due until a
 * consumer has it. Arguments: bootstrap servers, topic, records a second, seconds, seconds of warm-up before.
 * Prints a line of JSON, times in milliseconds.
 */
public final class Latency {
  private static final int VALUE_BYTES = 1000;

  public static void main(String[] args) throws Exception {
    String servers = args[0];
    TopicPartition partition = new TopicPartition(args[1], 0);
    int rate = Integer.parseInt(args[2]);
    int warmUp = rate * Integer.parseInt(args[4]);
    int records = warmUp + rate * Integer.parseInt(args[3]);
    long[] dueAt = new long[records];
    long[] heardAt = new long[records];
    CountDownLatch heardAll = new CountDownLatch(1);
    CountDownLatch isReading = new CountDownLatch(1);
    Thread reader = new Thread(() -> read(servers, partition, heardAt, isReading, heardAll));
    reader.setDaemon(true);
    reader.start();
    isReading.await();
    try (var producer = new KafkaProducer<byte[], byte[]>(
        Map.of("bootstrap.servers", servers, "acks", "all", "linger.ms", "0"),
        new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.partitionsFor(partition.topic());
      long begin = System.nanoTime() + 1_000_000;
      for (int n = 0; n < records; n++) {
        long due = begin + n * 1_000_000_000L / rate;
        for (long now = System.nanoTime(); now < due; now = System.nanoTime()) LockSupport.parkNanos(due - now);
        dueAt[n] = due;
        producer.send(new ProducerRecord<>(partition.topic(), 0, null, new byte[VALUE_BYTES]));
      }
      producer.flush();
    }
    if (!heardAll.await(30, TimeUnit.SECONDS)) throw new IllegalStateException("records are missing");
    long[] taken = new long[records - warmUp];
    for (int n = 0; n < taken.length; n++) taken[n] = heardAt[warmUp + n] - dueAt[warmUp + n];
    Arrays.sort(taken);
    System.out.printf("{\"p50Ms\":%.3f,\"p99Ms\":%.3f,\"records\":%d}%n",
        at(taken, 0.5), at(taken, 0.99), taken.length);
  }

  private static double at(long[] sorted, double part) {
    return sorted[(int) Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] / 1e6;
  }

  private static void read(
      String servers, TopicPartition partition, long[] heardAt, CountDownLatch isReading, CountDownLatch heardAll) {
    try (var consumer = new KafkaConsumer<byte[], byte[]>(
        Map.of("bootstrap.servers", servers, "enable.auto.commit", "false"),
        new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seekToEnd(List.of(partition));
      consumer.position(partition);
      isReading.countDown();
      for (int heard = 0; heard < heardAt.length; ) {
        int count = consumer.poll(Duration.ofMillis(500)).count();
        long now = System.nanoTime();
        for (int n = 0; n < count && heard < heardAt.length; n++) heardAt[heard++] = now;
      }
      heardAll.countDown();
    }
  }
}
