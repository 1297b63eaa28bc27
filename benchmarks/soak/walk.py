"""Walk: does one act after another inside the event loop, and now and then rests to be measured.

Acts are chosen by a seed, so that a walk can be walked again; timing makes two walks differ all the same. Everything
that is done goes into a log with the time, one JSON object a line, so that the way to a failure is known.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from benchmarks.soak.acts import ACTS
from benchmarks.soak.clock import AwakeClock
from benchmarks.soak.person import Doing, Person, Wait

TICK_MS = 10
REST_EVERY_S = 60.0
LONGEST_WAIT_S = 600.0  # awake; a reply of a whole context takes two minutes on a slow machine
LASTING_THREADS = frozenset(["MainThread", "engine", "counting"])


class Walk(QObject):
    """`rested()` when the window is at rest and can be measured, `done()` at the end."""

    rested = Signal()
    done = Signal()

    def __init__(self, person: Person, *, for_s: float, log: Path, tell: Callable[[str], None]) -> None:
        """Walks for `for_s` awake seconds. `tell` is told what should not happen."""
        super().__init__()
        self._person, self._for_s, self._tell = person, for_s, tell
        self._log = log.open("a", encoding="utf-8")
        self._clock = AwakeClock()
        self._rest_at = 0.0
        self._doing: Doing = iter(())
        self.name = ""
        self._is_inside = False  # of an act: what it does may run an event loop of its own
        self._is_resting = False
        self._wait: Wait = 0.0
        self._waits_since = 0.0
        self._busy_from = time.thread_time()
        self.acts: Counter[str] = Counter()
        self.longest_turn_s = 0.0  # of the processor, in one go of the event loop since the last rest
        self._steps, self._answers = QTimer(self), QTimer(self)  # a timer does not fire inside of its own slot
        for timer, slot in ((self._steps, self._step), (self._answers, self._answer)):
            timer.setInterval(TICK_MS)
            timer.timeout.connect(slot)

    def start(self) -> None:
        """Begin with a rest, when the model is loaded."""
        self._steps.start()
        self._answers.start()

    @property
    def awake_s(self) -> float:
        """For how long it has walked."""
        return self._clock.now()

    def stop(self) -> None:
        """End."""
        self._steps.stop()
        self._answers.stop()
        self._log.close()

    def _step(self) -> None:
        now = self._clock.now()
        self.longest_turn_s = max(self.longest_turn_s, time.thread_time() - self._busy_from)
        if self._is_over(now):
            self._go_on(now)
        self._busy_from = time.thread_time()

    def _answer(self) -> None:
        """What a click opened may ask in an event loop of its own before the click returns."""
        if self._is_inside:
            self._person.answer_question()

    def _is_over(self, now: float) -> bool:
        """Whether what is waited for is there."""
        waited = now - self._waits_since
        if isinstance(self._wait, float):
            return waited >= self._wait
        if waited > LONGEST_WAIT_S:
            self._tell(f"“{self.name}” waited {LONGEST_WAIT_S:.0f} s in vain")
            self._doing = iter(())
            return True
        return self._wait()

    def _go_on(self, now: float) -> None:
        self._waits_since = now
        self._is_inside = True
        doing, self._doing = self._doing, iter(())  # an act that fails is over; the error is one in a slot
        try:
            self._wait = next(doing)
            self._doing = doing
        except StopIteration:
            self._choose(now)
        finally:
            self._is_inside = False

    def _choose(self, now: float) -> None:
        self._wait = 0.0
        if self._person.close_what_is_open():
            return
        if self._is_resting:
            self._is_resting = False
            self._note("measured", now)
            self.rested.emit()
            self.longest_turn_s = 0.0
            if now >= self._for_s:
                self.done.emit()
                return
        if now >= self._rest_at:
            self._rest_at, self._is_resting = now + REST_EVERY_S, True
            self._begin("rest", now, rest(self._person))
            return
        (act,) = self._person.dice.choices(list(ACTS), weights=list(ACTS.values()))
        self.acts[act.__name__] += 1
        self._begin(act.__name__, now, act(self._person))

    def _begin(self, name: str, now: float, doing: Doing) -> None:
        self.name, self._doing = name, doing
        self._note(name, now)

    def _note(self, name: str, now: float) -> None:
        print(json.dumps({"at_s": round(now, 2), "act": name}), file=self._log, flush=True)


def rest(person: Person) -> Doing:
    """Come to the same state each time: nothing running, panels closed, a new chat, the first model loaded anew."""
    window = person.window
    while person.is_replying():  # messages that wait in other chats go on by themselves
        window.action.stop.trigger()
        yield lambda: not person.is_replying()
        yield 0.3
    yield person.is_quiet
    window.action.settings.setChecked(False)
    window.action.look_inside.setChecked(False)
    window.resize(1100, 760)
    window.action.new_chat.trigger()
    window.composer.set_text("")
    person.application.models.open(str(person.models[0]))
    yield 0.1
    yield person.is_quiet
    yield lambda: {thread.name for thread in threading.enumerate()} <= LASTING_THREADS
    yield 0.5
