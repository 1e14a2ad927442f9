from hypothesis import given
from hypothesis import strategies as st

from engine.job import Job, Lane
from engine.queue.fairness import Line
from tests.fakes import a_job, a_recipe


def serve(line: Line, cost: float = 1.0) -> str:
    job = line.peek()
    assert job is not None
    line.start(job, cost)
    line.finish(job, 0.0)
    return job.id


def test_people_take_turns_however_many_jobs_one_has() -> None:
    line = Line()
    for index in range(200):
        line.add(a_job(f"greedy{index}", "greedy"))
    serve(line)
    line.add(a_job("modest", "modest"))
    assert serve(line) in {"modest", "greedy1"}
    assert "modest" in {serve(line), "modest"} and line.waiting_of("modest") == 0


def test_device_seconds_count_not_turns() -> None:
    line = Line()
    for index in range(6):
        line.add(a_job(f"big{index}", "big"))
        line.add(a_job(f"small{index}", "small"))
    order = []
    for _ in range(8):
        job = line.peek()
        assert job is not None
        line.start(job, 5.0 if job.owner == "big" else 1.0)
        line.finish(job, 0.0)
        order.append(job.owner)
    assert order.count("small") >= 5


def test_measured_time_corrects_the_expected() -> None:
    line = Line()
    for index in range(3):
        line.add(a_job(f"a{index}", "a"))
        line.add(a_job(f"b{index}", "b"))
    first = line.peek()
    assert first is not None
    line.start(first, 1.0)
    line.finish(first, 9.0)  # it took ten seconds instead of one
    other = "b" if first.owner == "a" else "a"
    assert [serve(line)[0] for _ in range(3)] == [other] * 3


def test_a_pause_earns_no_credit() -> None:
    line = Line()
    for index in range(50):
        line.add(a_job(f"a{index}", "a"))
    for _ in range(30):
        serve(line)
    for index in range(50):
        line.add(a_job(f"b{index}", "b"))
    served = [serve(line)[0] for _ in range(10)]
    assert 4 <= served.count("a") <= 6


def test_interactive_jobs_go_before_background_ones() -> None:
    line = Line()
    line.add(Job(id="slow", owner="a", recipes=(a_recipe(),), lane=Lane.BACKGROUND))
    line.add(a_job("quick", "b"))
    assert serve(line) == "quick"
    assert serve(line) == "slow"


def test_a_job_taken_out_is_not_served() -> None:
    line = Line()
    jobs = [a_job(str(index), "a") for index in range(3)]
    for job in jobs:
        line.add(job)
    assert line.remove(jobs[1])
    assert not line.remove(jobs[1])
    assert [serve(line), serve(line)] == ["0", "2"]
    assert line.peek() is None and len(line) == 0


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0.1, 10)), max_size=40))
def test_the_order_told_is_the_order_served(jobs: list[tuple[str, float]]) -> None:
    line = Line()
    costs = {}
    for index, (owner, cost) in enumerate(jobs):
        line.add(a_job(str(index), owner))
        costs[str(index)] = cost
    told = [job.id for job in line.ordered(costs)]
    assert sorted(told) == sorted(costs)
    owners = {str(index): owner for index, (owner, _) in enumerate(jobs)}
    accounts = dict.fromkeys("abcd", 0.0)
    for position, job in enumerate(told):  # always somebody with the least on the account among those who still wait
        waiting = {owners[later] for later in told[position:]}
        assert accounts[owners[job]] <= min(accounts[owner] for owner in waiting) + 1e-9
        accounts[owners[job]] += costs[job]
    served = []
    while (job := line.peek()) is not None:
        line.start(job, costs[job.id])
        served.append(job.id)
    assert len(served) == len(told)
