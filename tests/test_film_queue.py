"""Films in the trainings' queue: real workers, tiny networks."""

import os
import signal
from pathlib import Path

import pytest
from film_files import film
from live_root import write as write_training
from test_films import read
from test_live import director as directing
from test_live import pid_of, wait_for
from variants import FULL, GAN_IDENTITY, write

from cyclegan.core.films import FilmError, FilmFile
from cyclegan.labs import films
from cyclegan.labs.films import FilmSettings, Shown
from cyclegan.labs.live import Command, ControlError, Limits, Status
from cyclegan.store.catalogue import Source
from cyclegan.store.checkpoints import CheckpointError

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two variants, a short film and a long one."""
    folder = tmp_path_factory.mktemp("films")
    for name, objective in (("with", FULL), ("without", GAN_IDENTITY)):
        write(folder / name, objective)
    film(folder / "short.mp4", 8, sound=0.5)
    film(folder / "long.mp4", 4000, rate=100, preset="ultrafast")
    return folder


def asked(folder: Path, name: str = "short.mp4", **more) -> FilmSettings:
    rows = tuple(Shown(one, Source((folder / one,))) for one in ("with", "without"))
    return FilmSettings(str(folder / name), rows, name="Your film", shortest=32, **more)


@pytest.fixture
def director(tmp_path):
    with directing(tmp_path / "live", Limits(per_owner=1), "--grace", "30") as made:
        yield made


def ended(director, id: str):
    return wait_for(lambda: (s := director.status(id)).is_ended and s)


def growing(director, id: str):
    return wait_for(lambda: (s := director.status(id)).step > 3 and s)


def test_settings_are_kept(folder):
    settings = asked(folder, first=0.1, last=0.4, is_steady=True)
    assert FilmSettings.from_dict(settings.to_dict()) == settings
    with pytest.raises(CheckpointError, match="damaged"):
        FilmSettings.from_dict({"rows": [{}]})
    with pytest.raises(FilmError, match="no film"):
        FilmSettings("drawing/nothing", settings.rows).film()


def test_a_film_is_translated_and_is_no_training(director, folder):
    id = films.start(director, asked(folder), 8, "anna")
    assert id in director.films("anna") and not director.films("ben")
    assert id not in director.all() and id in director.jobs()
    seen = ended(director, id)
    assert (seen.state, seen.step, seen.steps) == ("finished", 8, 8), seen.sentence
    assert seen.sentence == "The whole film: 8 frames."
    made = films.film_of(director.folder(id))
    assert made.name == "film.mp4"
    found, frames, _ = read(made, shortest=None)
    assert len(frames) == 8 and found.facts.sound_rate == 24000


def test_what_is_stopped_is_kept(director, folder):
    id = films.start(director, asked(folder, "long.mp4"), 4000, "anna")
    growing(director, id)
    assert director.status(id).steps == 4000
    director.command(id, Command("stop"))
    seen = ended(director, id)
    assert seen.state == "stopped" and seen.sentence.startswith("Stopped. The first ")
    made = films.film_of(director.folder(id))
    assert made.name == "film.part.mp4" and FilmFile(made).facts.frames == seen.step


def test_a_kill_leaves_a_part_that_plays(director, folder):
    id = films.start(director, asked(folder, "long.mp4"), 4000, "anna")
    wait_for(lambda: director.status(id).step > 250)
    os.kill(pid_of(director, id), signal.SIGKILL)
    seen = ended(director, id)
    assert seen.state == "died" and "What was finished is kept." in seen.sentence
    assert FilmFile(films.film_of(director.folder(id))).facts.frames >= 100


def test_one_waits_for_the_other_and_counts_as_its_owners(director, folder):
    first = films.start(director, asked(folder, "long.mp4"), 4000, "anna")
    growing(director, first)
    with pytest.raises(ControlError, match="running or waiting"):
        films.start(director, asked(folder), 8, "anna")
    second = films.start(director, asked(folder), 8, "ben")
    assert director.status(second).state == "queued" and director.status(second).place == 1
    director.discard(first)
    assert ended(director, second).state == "finished"
    assert first not in director.jobs()


def test_minutes_are_the_hosts(tmp_path, folder):
    with directing(tmp_path / "live", Limits(minutes=0.05), "--grace", "30") as director:
        id = films.start(director, asked(folder, "long.mp4"), 4000)
        seen = ended(director, id)
        assert seen.state == "stopped" and "minutes of this page are over" in seen.sentence


def test_what_fails_says_why(director, folder, tmp_path):
    text = tmp_path / "a.mp4"
    text.write_text("words")
    settings = FilmSettings(str(text), asked(folder).rows, name="Your film")
    seen = ended(director, films.start(director, settings, 0))
    assert seen.state == "failed" and seen.sentence.startswith("Your film is no film")
    assert films.film_of(director.folder(next(iter(director.jobs())))) is None


def test_a_lessons_film_needs_no_file(director, folder):
    rows = asked(folder).rows
    id = films.start(director, FilmSettings("satellite2map/Asia", rows), 250)
    growing(director, id)
    director.command(id, Command("stop"))
    assert "Flicker" in ended(director, id).sentence


def test_trainings_stay_what_they_are(tmp_path):
    write_training(tmp_path / "live", "2026-11-28-1000-own-aaaa", Status("finished"))
    with directing(tmp_path / "live", Limits()) as director:
        assert list(director.all()) == ["2026-11-28-1000-own-aaaa"] == list(director.jobs())
