"""What the programs of Python clients share: their arguments, the records they write, the lines they print."""

import json
import signal
import sys

bootstrap, task, *_pairs = sys.argv[1:]
args = {
    "topic": "",
    "prefix": "r",
    "count": "0",
    "first": "0",
    "keys": "0",
    "codec": "none",
    "acks": "all",
    "idempotent": "false",
    "time": "",
    "partition": "-1",
    "offset": "",
    "shape": "plain",
    "pause": "0",
    "group": "",
    "assignor": "range",
}
args.update(pair.split("=", 1) for pair in _pairs)
topic = args["topic"]
count = int(args["count"])
partition = int(args["partition"])
is_idempotent = args["idempotent"] == "true"
stopped = []


def show(**line):
    print(json.dumps(line), flush=True)


def text(data):
    return None if data is None else data.decode()


def show_record(place, offset, key, value, headers, time):
    pairs = [[name, text(data)] for name, data in headers or []]
    record = {"partition": place, "offset": offset, "key": text(key), "value": text(value), "headers": pairs, "time": time}
    show(record=record)


pause_seconds = int(args["pause"]) / 1000


def is_pause(place):
    """Whether the producer pauses after the record at this place."""
    return pause_seconds > 0 and place % 10 == 9


def records():
    """Yields key, value, headers and time in ms or None."""
    if args["shape"] == "odd":
        yield None, b"v", [], None
        yield b"k", None, [], None
        yield b"k", b"", [], None
        return
    keys = int(args["keys"])
    filling = " ".join(["millrace"] * 10)
    for place in range(count):
        index = int(args["first"]) + place
        key = f"key-{index % keys}".encode() if keys > 0 else None
        headers = [("index", str(index).encode()), ("index", b"again")]
        time = int(args["time"]) + place * 1000 if args["time"] else None
        yield key, f"{args['prefix']}-{index}-{filling}".encode(), headers, time


def stop_at_signal():
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
