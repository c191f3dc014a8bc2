"""kafka-python, doing what README.md of the folder above says."""

import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import CommitFailedError, KafkaError, RebalanceInProgressError
from kafka.structs import OffsetAndMetadata

from records import args, bootstrap, count, is_idempotent, is_pause, partition, pause_seconds, records, show, show_record
from records import stop_at_signal, stopped, task, topic

servers = bootstrap.split(",")


def produce():
    producer = KafkaProducer(
        bootstrap_servers=servers,
        acks="all" if args["acks"] == "all" else int(args["acks"]),
        compression_type=None if args["codec"] == "none" else args["codec"],
        enable_idempotence=is_idempotent,
        linger_ms=20,
    )
    futures = []
    for place, (key, value, headers, timestamp) in enumerate(records()):
        sending = producer.send(
            topic,
            key=key,
            value=value,
            headers=headers,
            timestamp_ms=timestamp,
            partition=None if partition < 0 else partition,
        )
        futures.append(sending)
        if is_pause(place):
            time.sleep(pause_seconds)
    producer.flush(60)
    sent = [future.get(60) for future in futures]
    show(sent=[[one.partition, one.offset] for one in sent] if args["acks"] != "0" else [])
    producer.close()


def open_consumer():
    is_cooperative = args["assignor"] == "cooperative"
    return KafkaConsumer(
        bootstrap_servers=servers,
        group_id=args["group"] or None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=6000,
        heartbeat_interval_ms=1000,
        partition_assignment_strategy=[CooperativeStickyAssignor if is_cooperative else RangePartitionAssignor],
    )


def consume():
    consumer = open_consumer()
    if args["group"]:
        # Its leader assigns nothing, and stays at that, when the join is answered before the first metadata
        # are. Kafka's group.initial.rebalance.delay.ms hides it, where it is not 0.
        consumer.partitions_for_topic(topic)
        consumer.subscribe([topic])
    elif partition >= 0:
        consumer.assign([TopicPartition(topic, partition)])
        consumer.seek(TopicPartition(topic, partition), int(args["offset"]))
    else:
        all_of_it = [TopicPartition(topic, place) for place in consumer.partitions_for_topic(topic)]
        consumer.assign(all_of_it)
        consumer.seek_to_beginning(*all_of_it)
    seen, assigned = 0, None
    while not stopped and (count == 0 or seen < count):
        found = consumer.poll(timeout_ms=200, max_records=1)
        now = sorted(one.partition for one in consumer.assignment())
        if now != assigned:
            assigned = now
            show(assigned=now)
        for place, messages in found.items():
            for message in messages:
                seen += 1
                show_record(
                    message.partition, message.offset, message.key, message.value, message.headers, message.timestamp
                )
            if args["group"]:
                commit(consumer, place, messages[-1].offset + 1)
    consumer.close()
    show(closed=True)


def commit(consumer, place, offset):
    """What a rebalance or a lost connection keeps from being committed comes again."""
    try:
        consumer.commit({place: OffsetAndMetadata(offset, "", -1)})
    except (CommitFailedError, RebalanceInProgressError):
        pass
    except KafkaError as error:
        if not error.retriable:
            raise


def offset_for_time():
    consumer = open_consumer()
    place = TopicPartition(topic, partition)
    found = consumer.offsets_for_times({place: int(args["time"])})[place]
    show(offset=-1 if found is None else found.offset)
    consumer.close()


def admin():
    client = KafkaAdminClient(bootstrap_servers=servers)
    client.create_topics({topic: {"num_partitions": 3, "replication_factor": 1, "configs": {"retention.ms": "3600000"}}})

    def partitions():
        return len(client.describe_topics([topic])[0]["partitions"])

    show(created=partitions())
    show(listed=topic in client.list_topics())
    found = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    show(config=found["topic"][topic]["retention.ms"]["value"])
    client.create_partitions({topic: 5})
    show(grown=partitions())
    client.delete_topics([topic])
    give_up_at = time.monotonic() + 10
    while topic in client.list_topics() and time.monotonic() < give_up_at:
        time.sleep(0.1)
    show(deleted=topic not in client.list_topics())


stop_at_signal()
{"produce": produce, "consume": consume, "offset-for-time": offset_for_time, "admin": admin}[task]()
