"""Sends records of 1 KB as fast as librdkafka takes them.

Arguments: bootstrap servers, topic, records. Prints a line of JSON: records and seconds.
"""

import json
import sys
import time

from confluent_kafka import Producer

VALUE_BYTES = 1000


def main():
    servers, topic, records = sys.argv[1], sys.argv[2], int(sys.argv[3])
    failures = []

    def delivered(error, _message):
        if error is not None:
            failures.append(str(error))

    producer = Producer(
        {"bootstrap.servers": servers, "acks": "all", "enable.idempotence": True, "on_delivery": delivered}
    )
    value = b"x" * VALUE_BYTES
    begin = time.monotonic()
    for _ in range(records):
        while True:
            try:
                producer.produce(topic, value)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    left = producer.flush(300)
    seconds = time.monotonic() - begin
    if failures or left:
        sys.exit(f"{len(failures)} records failed, {left} were not answered: {failures[:1]}")
    print(json.dumps({"records": records, "seconds": seconds}))


main()
