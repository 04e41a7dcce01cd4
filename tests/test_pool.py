"""The history of generated images, with pictures that are numbered."""

import io

import torch

from cyclegan.core.pool import ImagePool


def numbered(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 3, 2, 2).clone()


def numbers(images: torch.Tensor) -> list[float]:
    return images[:, 0, 0, 0].tolist()


def reloaded(state: dict) -> dict:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def test_size_0_hands_everything_through():
    pool = ImagePool(0)
    for i in range(20):
        assert numbers(pool.query(numbered(i, -i))) == [i, -i]
    assert pool.images is None


def test_filling_hands_everything_through():
    pool = ImagePool(5)
    assert numbers(pool.query(numbered(0, 1))) == [0, 1]
    assert numbers(pool.query(numbered(2, 3, 4))) == [2, 3, 4]
    assert numbers(pool.images) == [0, 1, 2, 3, 4]


def test_about_half_are_old_ones_of_every_age():
    pool = ImagePool(10, seed=3)
    pool.query(numbered(*range(10)))
    returned = [numbers(pool.query(numbered(i)))[0] for i in range(10, 2010)]
    ages = [now - number for now, number in enumerate(returned, 10) if number != now]
    # 2000 tosses of a coin: 1000 ± 22. An image waits for 20 steps on average, ± 20.
    assert 900 < len(ages) < 1100
    assert 17 < sum(ages) / len(ages) < 23


def test_a_returned_old_image_is_replaced_by_the_new_one():
    pool = ImagePool(4)
    pool.query(numbered(0, 1, 2, 3))
    held, old = {0, 1, 2, 3}, 0
    for new in range(4, 60):
        (returned,) = numbers(pool.query(numbered(new)))
        if returned != new:
            assert returned in held
            held = held - {returned} | {new}
            old += 1
        assert set(numbers(pool.images)) == held
    assert 10 < old < 46


def test_images_of_one_batch_are_drawn_one_by_one():
    pool = ImagePool(3)
    pool.query(numbered(0, 1, 2))
    returned = [numbers(pool.query(numbered(i, i + 1))) for i in range(3, 103, 2)]
    from_the_pool = [
        (first != i, second != i + 1)
        for i, (first, second) in zip(range(3, 103, 2), returned, strict=True)
    ]
    assert set(from_the_pool) == {(a, b) for a in (True, False) for b in (True, False)}


def test_nothing_given_or_taken_is_shared_memory():
    pool = ImagePool(2)
    given = numbered(0, 1)
    taken = pool.query(given)
    given.fill_(7)
    taken.fill_(8)
    assert numbers(pool.images) == [0, 1]
    for new in range(2, 20):
        taken = pool.query(numbered(new))
        before = numbers(taken)
        pool.query(numbered(-new))
        assert numbers(taken) == before


def test_no_gradient_comes_through():
    assert not ImagePool(2).query(numbered(0).requires_grad_()).requires_grad


def test_the_random_numbers_are_its_own():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    pool = ImagePool(1)
    for i in range(20):
        pool.query(numbered(i))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_restored_pool_has_the_same_future():
    pool = ImagePool(4, seed=1)
    for i in range(20):
        pool.query(numbered(i))
    copy = ImagePool(4, seed=2)
    copy.load_state_dict(reloaded(pool.state_dict()))
    futures = [[numbers(p.query(numbered(i))) for i in range(20, 70)] for p in (pool, copy)]
    assert futures[0] == futures[1]
    assert sum(f != [i] for i, f in enumerate(futures[0], 20)) > 10


def test_a_pool_that_is_still_filling_can_be_restored():
    for filled in (0, 2):
        pool = ImagePool(3)
        for i in range(filled):
            pool.query(numbered(i))
        copy = ImagePool(3)
        copy.load_state_dict(reloaded(pool.state_dict()))
        for i in range(filled, 10):
            assert numbers(copy.query(numbered(i))) == numbers(pool.query(numbered(i)))


def test_a_restored_pool_shares_no_memory_with_the_state():
    pool = ImagePool(2)
    pool.query(numbered(0, 1))
    state = {"images": numbered(0, 1), "random": pool.random.get_state()}
    pool.load_state_dict(state)
    for i in range(2, 12):
        pool.query(numbered(i))
    assert numbers(state["images"]) == [0, 1]


def test_a_restored_pool_lies_on_the_device_of_the_fakes():
    """States are loaded on the CPU; "meta" stands for a GPU here."""
    pool = ImagePool(2)
    pool.query(numbered(0, 1))
    pool.load_state_dict(pool.state_dict(), "meta")
    for _ in range(10):
        assert pool.query(numbered(2).to("meta")).device.type == "meta"
