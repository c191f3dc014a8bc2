"""aiokafka, doing what README.md of the folder above says."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError

from records import args, bootstrap, count, is_idempotent, is_pause, partition, pause_seconds, records, show, show_record
from records import stop_at_signal, stopped, task, topic


async def produce():
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all" if args["acks"] == "all" else int(args["acks"]),
        compression_type=None if args["codec"] == "none" else args["codec"],
        enable_idempotence=is_idempotent,
        linger_ms=20,
    )
    await producer.start()
    futures = []
    for index, (key, value, headers, timestamp) in enumerate(records()):
        place = None if partition < 0 else partition
        sending = producer.send(topic, key=key, value=value, headers=headers, timestamp_ms=timestamp, partition=place)
        futures.append(await sending)
        if is_pause(index):
            await asyncio.sleep(pause_seconds)
    sent = [await future for future in futures]
    await producer.stop()
    show(sent=[[one.partition, one.offset] for one in sent] if args["acks"] != "0" else [])


def open_consumer():
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=args["group"] or None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=6000,
        heartbeat_interval_ms=1000,
        partition_assignment_strategy=[RangePartitionAssignor],
    )


def position(consumer):
    if partition >= 0:
        consumer.assign([TopicPartition(topic, partition)])
        consumer.seek(TopicPartition(topic, partition), int(args["offset"]))
    else:
        consumer.subscribe([topic])


async def consume():
    consumer = open_consumer()
    await consumer.start()
    position(consumer)
    seen, assigned = 0, None
    while not stopped and (count == 0 or seen < count):
        found = await consumer.getmany(timeout_ms=200, max_records=1)
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
                await commit(consumer, place, messages[-1].offset + 1)
    await consumer.stop()
    show(closed=True)


async def commit(consumer, place, offset):
    """A rebalance may take the partition away before the commit: then the record comes again, elsewhere."""
    try:
        await consumer.commit({place: offset})
    except (CommitFailedError, IllegalStateError):
        pass


async def offset_for_time():
    consumer = open_consumer()
    await consumer.start()
    place = TopicPartition(topic, partition)
    found = (await consumer.offsets_for_times({place: int(args["time"])}))[place]
    show(offset=-1 if found is None else found.offset)
    await consumer.stop()


async def admin():
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    await client.create_topics([NewTopic(topic, 3, 1, topic_configs={"retention.ms": "3600000"})])

    async def partitions():
        return len((await client.describe_topics([topic]))[0]["partitions"])

    show(created=await partitions())
    show(listed=topic in await client.list_topics())
    [found] = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    entries = found.resources[0][4]
    show(config=next(entry[1] for entry in entries if entry[0] == "retention.ms"))
    await client.create_partitions({topic: NewPartitions(5)})
    show(grown=await partitions())
    await client.delete_topics([topic])
    for _ in range(100):
        if topic not in await client.list_topics():
            break
        await asyncio.sleep(0.1)
    show(deleted=topic not in await client.list_topics())
    await client.close()


stop_at_signal()
asyncio.run({"produce": produce, "consume": consume, "offset-for-time": offset_for_time, "admin": admin}[task]())
