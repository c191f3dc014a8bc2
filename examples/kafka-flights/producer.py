"""Sends flights to a Kafka topic, keyed by their airport of departure, each once and in order.

    python producer.py BOOTSTRAP TOPIC FILE

FILE is a JSON array. Prints how many were delivered. It needs confluent-kafka and nothing else.
"""

import json
import sys

from confluent_kafka import KafkaException, Producer


def main():
    bootstrap, topic, file = sys.argv[1:]
    with open(file, encoding="utf8") as opened:
        flights = json.load(opened)
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": "gzip"})
    delivered = 0

    def done(error, _message):
        nonlocal delivered
        if error is not None:
            raise KafkaException(error)
        delivered += 1

    for number, flight in enumerate(flights):
        value = json.dumps({"number": number, **flight})
        while True:
            try:
                producer.produce(topic, key=flight["origin"], value=value, on_delivery=done)
                break
            except BufferError:  # its queue is full: wait for deliveries
                producer.poll(0.1)
        producer.poll(0)
    producer.flush(60)
    print(json.dumps({"delivered": delivered}), flush=True)
    if delivered != len(flights):
        sys.exit(f"{len(flights) - delivered} flights were not delivered")


main()
