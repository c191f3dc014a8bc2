"""confluent-kafka, doing what README.md of the folder above says."""

import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

from records import args, bootstrap, count, is_idempotent, is_pause, partition, pause_seconds, records, show, show_record
from records import stop_at_signal, stopped, task, topic


def produce():
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "compression.type": args["codec"],
            "acks": args["acks"],
            "enable.idempotence": is_idempotent,
            "linger.ms": 20,
            "message.timeout.ms": 60000,
        }
    )
    sent = []

    def delivered(error, message):
        if error is not None:
            raise KafkaException(error)
        sent.append([int(message.partition()), message.offset()])

    places = {}
    for place, (key, value, headers, timestamp) in enumerate(records()):
        more = {} if timestamp is None else {"timestamp": timestamp}
        if partition >= 0:
            more["partition"] = partition

        def remember(error, message, place=place):
            delivered(error, message)
            places[place] = sent[-1]

        producer.produce(topic, value=value, key=key, headers=headers, on_delivery=remember, **more)
        producer.poll(0)
        if is_pause(place):
            time.sleep(pause_seconds)
    left = producer.flush(60)
    if left:
        raise RuntimeError(f"{left} records were not delivered")
    show(sent=[places[place] for place in sorted(places)] if args["acks"] != "0" else [])



def open_consumer():
    settings = {
        "bootstrap.servers": bootstrap,
        "group.id": args["group"] or "alone",
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
    }
    if args["assignor"] == "consumer":
        settings["group.protocol"] = "consumer"
    elif args["group"]:
        settings["session.timeout.ms"] = 6000
        settings["heartbeat.interval.ms"] = 1000
        is_cooperative = args["assignor"] == "cooperative"
        settings["partition.assignment.strategy"] = "cooperative-sticky" if is_cooperative else "range"
    return Consumer(settings)


def consume():
    consumer = open_consumer()
    if args["group"]:
        consumer.subscribe([topic])
    elif partition >= 0:
        consumer.assign([TopicPartition(topic, partition, int(args["offset"]))])
    else:
        found = consumer.list_topics(topic, 30).topics[topic].partitions
        consumer.assign([TopicPartition(topic, place, -2) for place in found])
    seen, assigned = 0, None
    while not stopped and (count == 0 or seen < count):
        message = consumer.poll(0.2)
        now = sorted(one.partition for one in consumer.assignment())
        if now != assigned:
            assigned = now
            show(assigned=now)
        if message is None:
            continue
        if message.error():
            raise KafkaException(message.error())
        seen += 1
        show_record(
            message.partition(),
            message.offset(),
            message.key(),
            message.value(),
            message.headers(),
            message.timestamp()[1],
        )
        if args["group"]:
            commit(consumer, message)
    consumer.close()
    show(closed=True)


def commit(consumer, message):
    """A rebalance may take the partition away before the commit: then the record comes again, elsewhere."""
    try:
        consumer.commit(message, asynchronous=False)
    except KafkaException as error:
        if error.args[0].name() not in ("REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "STALE_MEMBER_EPOCH"):
            raise


def offset_for_time():
    consumer = open_consumer()
    [found] = consumer.offsets_for_times([TopicPartition(topic, partition, int(args["time"]))], 30)
    show(offset=found.offset if found.offset >= 0 else -1)
    consumer.close()


def done(futures):
    return {name: future.result(30) for name, future in futures.items()}


def admin():
    client = AdminClient({"bootstrap.servers": bootstrap})
    done(client.create_topics([NewTopic(topic, 3, 1, config={"retention.ms": "3600000"})]))

    def partitions():
        return len(client.list_topics(topic, 30).topics[topic].partitions)

    show(created=partitions())
    show(listed=topic in client.list_topics(timeout=30).topics)
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    show(config=done(client.describe_configs([resource]))[resource]["retention.ms"].value)
    done(client.create_partitions([NewPartitions(topic, 5)]))
    show(grown=partitions())
    done(client.delete_topics([topic]))
    give_up_at = time.monotonic() + 10
    while topic in client.list_topics(timeout=30).topics and time.monotonic() < give_up_at:
        time.sleep(0.1)
    show(deleted=topic not in client.list_topics(timeout=30).topics)


stop_at_signal()
{"produce": produce, "consume": consume, "offset-for-time": offset_for_time, "admin": admin}[task]()
