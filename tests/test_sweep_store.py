"""The store: whole records or none, versions, claims of which one wins, and what happens on a full disk."""

import json
import multiprocessing
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vvslib.errors import VvsError
from vvslib.sweep import files, owner, records, status, tables
from vvslib.sweep.claims import ClaimLost, Claims, Watch
from vvslib.sweep.records import CorruptRecord, OtherFormat, Record
from vvslib.sweep.run import Run
from vvslib.sweep.store import Store
from vvslib.sweep.work import Job, execute

RUN = Run("toy_task:count", 1, {"seed": 0, "seconds": 0.0})
ELSEWHERE = {"machine": "another", "pid": 1, "born": "1", "host": "far", "job": None, "start": 0, "dead_after_s": 0.3}


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return Store.create(tmp_path / "store")


def done(run: Run = RUN, **result) -> Record:
    """A record of a run that was done."""
    return Record(run, "done", result or {"acc": 0.5}, None, None, {"wall_seconds": 1.0})


def put(store: Store, record: Record) -> bool:
    """Record, under a claim."""
    with store.claims.take(record.id) as claim:
        return store.commit(record, claim)


def job(store: Store, run: Run = RUN, **more) -> Job:
    """The job of a run."""
    return Job(str(store.folder), run.as_dict(), **{"dead": None, "redo": None, "beat_s": 5.0, "dead_after_s": 120.0} | more)


def test_record_comes_back_as_it_was(store):
    """What is read is what was written."""
    record = done(acc=0.1, curve=[1, None, "x"], nested={"a": {}})
    assert put(store, record)
    assert store.record(RUN.id) == record


@given(st.data())
@settings(max_examples=60)
def test_no_damage_goes_unnoticed(data):
    """A record cut short, or with any byte changed, is corrupt, never another record."""
    whole = done(acc=0.123, text="ab").encode()
    at = data.draw(st.integers(0, len(whole) - 2))
    changed = data.draw(st.sampled_from(["cut", "flip"]))
    damaged = whole[:at] if changed == "cut" else whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    with pytest.raises((CorruptRecord, OtherFormat)):
        assert records.decode(damaged, "r.json") != done(acc=0.123, text="ab")


def test_first_record_stays(store):
    """Whoever records second is told so, and changes nothing."""
    assert put(store, done(acc=0.5))
    assert not put(store, done(acc=0.9))
    assert store.record(RUN.id).result == {"acc": 0.5}


def test_nothing_half_written_is_seen(store):
    """What a writer that was killed left behind is no record."""
    (store.folder / "records" / f".{RUN.id}.json.0123.part").write_bytes(done().encode()[:40])
    assert store.recorded() == set()
    assert list(store.records()) == []


def test_corrupt_record_is_named(store):
    """Its file and what is wrong; the other records stay readable."""
    put(store, done())
    other = Run("toy_task:count", 1, {"seed": 1})
    put(store, done(other))
    path = store.folder / "records" / f"{RUN.id}.json"
    path.write_bytes(path.read_bytes()[:50])
    assert [str(fault) for fault in store.corrupt()] == [f"{path} must be a whole record; it is cut short or garbled"]
    assert [record.id for record in store.records()] == [other.id]


def test_record_of_another_run_is_corrupt(store):
    """A record under another run's name, as a copy by hand makes."""
    put(store, done())
    other = Run("toy_task:count", 1, {"seed": 1})
    (store.folder / "records" / f"{RUN.id}.json").rename(store.folder / "records" / f"{other.id}.json")
    with pytest.raises(CorruptRecord, match=f"must be the record of its run; it is that of {RUN.id}"):
        store.record(other.id)


@pytest.mark.parametrize("name", ["store.json", "record"])
def test_other_format_is_refused(name, store):
    """A store, or a record, of a later version: refused with both versions."""
    put(store, done())
    path = store.folder / (name if name == "store.json" else f"records/{RUN.id}.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
    with pytest.raises(VvsError) as refused:
        list(Store(store.folder).records())
    assert str(refused.value) == (
        f"{path} has format 2, this version reads format 1: take the version that wrote it, or another folder"
    )


def test_folder_of_something_else_is_refused(tmp_path):
    """A store is never made among files that are not its own, nor found where none was made."""
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(VvsError, match=r"holds 'thesis.tex' (and|but) no store.json; take another"):
        Store.create(tmp_path)
    with pytest.raises(VvsError, match="a store must be a folder that a sweep made; there is none at"):
        Store(tmp_path)


def test_same_records_same_table(store):
    """The table depends on neither the order of records nor on when and where they were made."""
    runs = [Run("toy_task:count", 1, {"seed": seed, "arch": arch}) for seed in (0, 1) for arch in "ab"]
    one = [Record(run, "done", {"acc": run.parameters["seed"] / 3}, None, None, {"date": "1"}) for run in runs]
    other = [Record(run, "done", {"acc": run.parameters["seed"] / 3}, None, None, {"date": "2"}) for run in reversed(runs)]
    paths = [tables.write_runs(found, store.folder / name) for found, name in ((one, "a.csv"), (other, "b.csv"))]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert "date" not in paths[0].read_text()


def test_score_table_is_made_of_records(store):
    """Runs that returned scores make rows of the schema; their parameters and results fill its columns."""
    scores = [{"benchmark_name": "b", "region": "IT", "score": 0.4}, {"benchmark_name": "c", "region": "V1", "score": 0.2}]
    put(store, Record(RUN, "done", {"n_params": 10, "scores": scores, "loss": 2.0}, None, None, {}))
    table = tables.score_table(store.records())
    assert table[["run_id", "n_params", "seed", "region", "score"]].values.tolist() == [
        [RUN.id, 10, 0, "IT", 0.4],
        [RUN.id, 10, 0, "V1", 0.2],
    ]


def test_score_table_without_scores_is_refused():
    """Runs that were only trained make no score table."""
    with pytest.raises(VvsError, match="a score table needs runs that returned scores; there are none; score the models first"):
        tables.score_table([done()])


def take_many(folder: str, ids: list[str], start, won) -> None:
    """Claim every run, as fast as can be; say which were won."""
    claims = Claims(Path(folder))
    start.wait()
    won.put([run_id for run_id in ids if claims.take(run_id) is not None])


def test_one_of_many_wins_a_claim(store):
    """Four processes claim 60 runs at once: each run is won exactly once."""
    spawn = multiprocessing.get_context("spawn")
    start, won = spawn.Barrier(4), spawn.Queue()
    ids = [f"run{i}" for i in range(60)]
    takers = [spawn.Process(target=take_many, args=(str(store.claims.folder), ids, start, won)) for _ in range(4)]
    for taker in takers:
        taker.start()
    found = [won.get(timeout=60) for _ in takers]
    for taker in takers:
        taker.join()
    assert sorted(run_id for ids in found for run_id in ids) == sorted(ids)


def test_dead_claim_is_taken_over_once(store):
    """Eight threads that know a claim to be dead: one takes over."""
    (store.claims.folder / "r.1").write_text(json.dumps(ELSEWHERE))
    barrier, taken = threading.Barrier(8), []

    def take():
        barrier.wait()
        if store.claims.take("r", dead=1) is not None:
            taken.append(1)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1


def test_living_claim_is_respected_and_given_back(store):
    """A claim that beats is nobody else's; once left, it is anybody's."""
    claims = Claims(store.claims.folder, beat_s=0.05, dead_after_s=0.3)
    watch = Watch(claims)
    with claims.take("r"):
        until = time.monotonic() + 0.8
        while time.monotonic() < until:
            assert watch.available("r") == (False, None)
            time.sleep(0.05)
        assert claims.take("r") is None
    assert claims.take("r").number == 2


def test_silent_claim_of_another_machine_dies(store):
    """Where nothing can be known of the process, only silence counts: for as long as the claim itself states."""
    (store.claims.folder / "r.1").write_text(json.dumps(ELSEWHERE))
    watch = Watch(store.claims)
    assert watch.available("r") == (False, None)
    assert store.claims.take("r") is None
    time.sleep(0.4)
    assert watch.available("r") == (True, 1)


@pytest.mark.parametrize("shift_s", [-1e6, 1e6])
def test_clocks_need_not_agree(shift_s, store):
    """A claim whose machine has another clock is alive while its time changes, whatever it is."""
    path = store.claims.folder / "r.1"
    path.write_text(json.dumps(ELSEWHERE))
    watch = Watch(store.claims)
    for beat in range(10):
        os.utime(path, (time.time() + shift_s + beat, time.time() + shift_s + beat))
        assert watch.available("r") == (False, None)
        time.sleep(0.1)


def test_claim_of_a_killed_process_is_over_at_once(store):
    """On the same machine a process that is gone, even a zombie or a number used again, holds nothing."""
    process = subprocess.Popen(["sleep", "60"])
    alive = owner.describe() | {"pid": process.pid, "born": owner.born(process.pid)}
    assert not owner.is_gone(alive)
    assert owner.is_gone(alive | {"born": "0"})
    process.kill()
    until = time.monotonic() + 5
    while not owner.is_gone(alive) and time.monotonic() < until:
        time.sleep(0.01)
    assert owner.is_gone(alive)
    process.wait()
    assert owner.is_gone(alive)


def test_requeued_job_takes_its_own_claim_over(monkeypatch):
    """A Slurm job in its second start knows that its first is gone, on whatever node that was."""
    first = ELSEWHERE | {"job": "c:7_1", "start": 0}
    for name, value in {"ARRAY_JOB_ID": "7", "ARRAY_TASK_ID": "1", "CLUSTER_NAME": "c", "RESTART_COUNT": "1"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    assert owner.is_gone(first)
    assert not owner.is_gone(first | {"start": 1})
    assert not owner.is_gone(first | {"job": "c:7_2"})


def test_who_was_taken_over_records_nothing(store):
    """A process that slept through its own death learns of it before it records."""
    with store.claims.take(RUN.id) as claim:
        assert store.claims.take(RUN.id, dead=1) is not None
        with pytest.raises(ClaimLost):
            store.commit(done(), claim)
    assert store.recorded() == set()


def test_run_is_executed_under_a_claim_only(store):
    """A run that another holds is left to it; one that is recorded is not executed again."""
    with store.claims.take(RUN.id):
        assert execute(job(store)).ending == "taken"
    assert execute(job(store)).ending == "recorded"
    first = store.record(RUN.id)
    assert execute(job(store)).ending == "recorded"
    assert store.record(RUN.id) == first


def test_corrupt_record_is_put_aside_and_redone(store):
    """The damaged bytes are kept for a look; the run is executed again."""
    execute(job(store))
    path = store.folder / "records" / f"{RUN.id}.json"
    path.write_bytes(b"damaged")
    execute(job(store))
    assert store.record(RUN.id).state == "done"
    assert [kept.read_bytes() for kept in (store.folder / "corrupt").iterdir()] == [b"damaged"]


def test_other_version_of_the_task_is_refused(store):
    """A machine with other code than was asked for executes nothing and blames no run."""
    with pytest.raises(
        VvsError, match=r"toy_task:count has VERSION 1 here, 2 was asked for: bring this machine's code up to date"
    ):
        execute(job(store, Run("toy_task:count", 2, RUN.parameters)))
    assert store.recorded() == set()


def test_what_a_task_prints_is_kept(store, capfd):
    """In the run's log, from below Python too, and not on the screen."""
    run = Run("toy_task:misbehave", 1, {"seed": 0, "how": "print", "seconds": 0.0})
    execute(job(store, run))
    assert (store.folder / "runs" / run.id / "log.txt").read_text() == "said by a library\n"
    assert capfd.readouterr() == ("", "")


def test_status_tells_what_runs_where(store):
    """A claimed run is running on its host, as far as it says; one whose process is gone is pending."""
    other = Run("toy_task:count", 1, {"seed": 1})
    (store.claims.folder / f"{other.id}.1").write_text(json.dumps(owner.describe() | {"born": "before"}))
    with store.claims.take(RUN.id):
        store.run_folder(RUN.id).mkdir(parents=True)
        store.write_progress(RUN.id, {"fraction": 0.25, "loss": 1.5})
        found, _ = status.read(store, [RUN, other])
    assert found.counts == {"done": 0, "failed": 0, "diverged": 0, "died": 0, "running": 1, "pending": 1}
    assert (found.running[0].fraction, found.running[0].values["loss"]) == (0.25, 1.5)


def test_replacing_a_file_keeps_the_old_one_until_then(tmp_path, monkeypatch):
    """A failure in writing leaves what was there, and nothing beside it."""
    path = tmp_path / "a"
    files.replace(path, b"old")
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(files.StoreFull, match="must have room for a record; got No space left on device; free some space"):
        files.replace(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert path.read_bytes() == b"old"
