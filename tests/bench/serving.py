"""redis-server under load: the server is measured, and how many requests a second it answers.

The load is the same for all; what the server says that it did is the work that is compared."""

import os
import re
import subprocess
import time

from measure import Failed, Run, base_environment, read_spent, remove_profiles, spend_words

TESTS = ["set", "get", "lpush", "hset", "zadd"]
REQUESTS, PIPELINE, CLIENTS, KEYS = 160000, 16, 20, 100000


def client(room, *words, program="redis-cli", limit_s=120):
    told = subprocess.run([program, "-s", os.path.join(room, "redis"), *words], capture_output=True,
                          text=True, timeout=limit_s, env=base_environment(room))
    return told.stdout


def wait_until_up(room, server):
    for _ in range(500):
        if client(room, "ping").strip() == "PONG":
            return
        if server.poll() is not None:
            break
        time.sleep(0.02)
    raise Failed("redis-server does not answer")


def load(room, size, limit_s):
    """Seconds that all requests took."""
    begun = time.monotonic()
    client(room, "-n", str(int(REQUESTS * size)), "-P", str(PIPELINE), "-c", str(CLIENTS), "-q",
           "-r", str(KEYS), "-t", ",".join(TESTS), program="redis-benchmark", limit_s=limit_s)
    return time.monotonic() - begun


def work_done(room):
    """How often each command was called."""
    told = client(room, "info", "commandstats")
    calls = dict(re.findall(r"cmdstat_(\w+):calls=(\d+)", told))
    return " ".join(f"{name} {calls.get(name, 0)}" for name in TESTS).encode()


def run_server(room, variant, settings, size, limit_s):
    argv = ["redis-server", "--port", "0", "--unixsocket", os.path.join(room, "redis"),
            "--save", "", "--appendonly", "no"]
    with open(os.path.join(room, "errors"), "wb") as errors:
        server = subprocess.Popen(
            spend_words(room, limit_s, 1, variant, settings, argv), stdout=errors,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=room, env=base_environment(room))
    try:
        wait_until_up(room, server)
        seconds = load(room, size, limit_s)
        output = work_done(room)
    except subprocess.TimeoutExpired:
        raise Failed("the load took too long") from None
    finally:
        client(room, "shutdown", "nosave")
        server.wait()
        remove_profiles(room)
    run = Run(read_spent(os.path.join(room, "spent"))[0], output)
    run.wall_s = seconds
    run.requests_per_s = int(REQUESTS * size) * len(TESTS) / seconds
    return run
