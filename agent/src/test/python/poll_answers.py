#!/usr/bin/env python3
"""poll_answers.py PORT ADDRESS: asks the address every 10 ms, whether or not the questions before were answered.

Until it is killed. Prints a line whenever one answers with another name than answered last: the milliseconds since the
last answer before it, and the name. Who asks one question after the other, as who_answers.py does, adds to each gap the
time for which the last of them waits in vain.
"""
import selectors
import socket
import sys
import time

EVERY = 0.01
PATIENCE = 0.9  # Before the kernel asks once more.

place = sys.argv[2], int(sys.argv[1])
selector = selectors.DefaultSelector()
asked = {}
last = ""
answered = due = time.monotonic()


def end(question):
    selector.unregister(question)
    del asked[question]
    question.close()


while True:
    now = time.monotonic()
    if now >= due:
        question = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        if question.connect_ex(place) in (0, 115):
            asked[question] = now
            selector.register(question, selectors.EVENT_READ)
        else:
            question.close()
        due = max(due + EVERY, now)
    for old in [question for question, since in asked.items() if now - since > PATIENCE]:
        end(old)
    for key, _ in selector.select(max(0, due - time.monotonic())):
        try:
            name = key.fileobj.recv(100).decode().strip()
        except OSError:
            name = ""
        end(key.fileobj)
        now = time.monotonic()
        if name:
            if name != last:
                print(int((now - answered) * 1000), name, flush=True)
            last = name
            answered = now
