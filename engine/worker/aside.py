"""What the thread that draws hands on to others, so that the next step need not wait: pictures to be decoded, files and
previews to be written. What is said of a job stays in order all the same."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from engine.wire import Ended, Message

T = TypeVar("T")


class Aside:
    """A few threads. Not more than `most` pieces of work are under way: who brings another waits for one of them, so
    that what is drawn faster than it is written does not pile up in memory."""

    def __init__(self, name: str, threads: int, most: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._room = threading.Semaphore(most)

    def do(self, work: Callable[[], T]) -> Future[T]:
        """Have it done; pieces of work begin in the order in which they were brought."""
        self._room.acquire()
        done = self._threads.submit(work)
        done.add_done_callback(lambda _: self._room.release())
        return done

    def close(self) -> None:
        """Give up what has not begun, and wait for what has."""
        self._threads.shutdown(wait=True, cancel_futures=True)


class Speech:
    """What is said of a job, in the order in which it was brought, though some of it is still being made: as soon as
    there is nothing before it any more, on whichever thread that is. Nothing is said after its end."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._turn = threading.RLock()  # `send` may bring more
        self._messages: deque[Future[Message]] = deque()
        self._over = False

    @property
    def over(self) -> bool:
        """Whether the job has ended, as far as this speech knows."""
        return self._over

    def say(self, message: Message) -> None:
        """Say this when its turn comes, which is at once where nothing is being made."""
        made: Future[Message] = Future()
        made.set_result(message)
        self.later(made)

    def later(self, message: Future[Message]) -> None:
        """Say what will have been made. It must not fail; where it is given up the speech is cut."""
        with self._turn:
            self._messages.append(message)
        message.add_done_callback(lambda _: self._go_on())

    def cut(self) -> bool:
        """Say nothing more; whether there was an end to come."""
        with self._turn:
            was_over, self._over = self._over, True
            self._messages.clear()
        return not was_over

    def _go_on(self) -> None:
        with self._turn:
            while self._messages and self._messages[0].done():
                first = self._messages.popleft()
                if first.cancelled():
                    self.cut()
                if self._over:
                    self._messages.clear()
                    return
                message = first.result()
                self._over = isinstance(message, Ended)
                self._send(message)
