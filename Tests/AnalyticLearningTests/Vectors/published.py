"""Writes published.safetensors and activations.safetensors: what published methods compute on some rows of digits, by their own definitions.

Nothing here is Accrue's: Philox, Box–Muller and the special functions are written out, or come from mpmath at 50 digits.

    python3 -m pip install numpy mpmath safetensors
    python3 published.py
"""

import pathlib

import mpmath
import numpy
import safetensors.numpy

HERE = pathlib.Path(__file__).parent
SEED, WIDTH, LEARNED, TESTED, CLIENTS = 5, 48, 90, 30, 3
mpmath.mp.dps = 50


def philox(counter, key):
    """Philox4x32-10 (Salmon et al. 2011) of one counter of four words."""
    x, y, z, w = counter
    low, high = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        first, second = x * 0xD2511F53, z * 0xCD9E8D57
        x, y, z, w = second >> 32 ^ y ^ low, second & 0xFFFFFFFF, first >> 32 ^ w ^ high, first & 0xFFFFFFFF
        low, high = low + 0x9E3779B9 & 0xFFFFFFFF, high + 0xBB67AE85 & 0xFFFFFFFF
    return x, y, z, w


def draws(count, key, stream):
    return [word for block in range((count + 3) // 4) for word in philox((block & 0xFFFFFFFF, block >> 32, stream, 0), key)][:count]


def uniform(d, width, seed):
    """U(−1/√d, 1/√d)."""
    odd = numpy.array([(word >> 8) * 2 + 1 - (1 << 24) for word in draws(d * width, seed, 0)], numpy.float32)
    return (odd * numpy.float32(2.0**-24) * numpy.float32(1 / d**0.5)).reshape(d, width)


def normal(d, width, seed):
    """N(0, 1), by the Box–Muller transform of two words."""
    values = []
    words = draws(d * width + -d * width % 4, seed, 0)
    for radius, angle in zip(words[::2], words[1::2]):
        length = mpmath.sqrt(-2 * mpmath.log(mpmath.mpf(2 * radius + 1) / 2**33))
        turn = mpmath.mpf(2 * angle) / 2**32
        values += [numpy.float32(float(length * mpmath.cospi(turn))), numpy.float32(float(length * mpmath.sinpi(turn)))]
    return numpy.array(values[: d * width], numpy.float32).reshape(d, width)


def phases(width, seed):
    """In turns, from 0 to 1."""
    return numpy.array([(word >> 8) * 2.0**-24 for word in draws(width, seed, 1)], numpy.float32)


def cdf(z):
    return mpmath.erfc(-mpmath.mpf(float(z)) / mpmath.sqrt(2)) / 2


def gelu(z):
    return numpy.vectorize(lambda value: float(mpmath.mpf(float(value)) * cdf(value)))(z)


def ridge(h, y, classes, strength):
    return numpy.linalg.solve(h.T @ h + strength * numpy.eye(h.shape[1]), h.T @ numpy.eye(classes)[y])


def afl(h, y, classes, strength):
    """AFL (He et al., CVPR 2025) before its regularisation is taken out: clients' solutions joined two by two by the AA law."""
    shares = numpy.array_split(numpy.arange(len(h)), CLIENTS)
    total_weight, total_gram = None, None
    for share in shares:
        gram = h[share].T @ h[share] + strength * numpy.eye(h.shape[1])
        weight = numpy.linalg.solve(gram, h[share].T @ numpy.eye(classes)[y[share]])
        if total_weight is None:
            total_weight, total_gram = weight, gram
            continue
        a, b = numpy.linalg.inv(total_gram), numpy.linalg.inv(gram)
        one = numpy.eye(len(gram)) - a @ gram + a @ gram @ numpy.linalg.inv(total_gram + gram) @ gram
        other = numpy.eye(len(gram)) - b @ total_gram + b @ total_gram @ numpy.linalg.inv(total_gram + gram) @ total_gram
        total_weight = one @ total_weight + other @ weight
        total_gram = total_gram + gram
    return total_weight


def klda(h, y, classes, tests):
    """KLDA (Momeni et al., AAAI 2025): negative Mahalanobis distances from the class means, with one scatter of all classes."""
    means = numpy.array([h[y == c].mean(0) for c in range(classes)])
    scatter = (h - means[y]).T @ (h - means[y])
    inverse = numpy.linalg.inv(scatter)
    return numpy.array([[-(m - t) @ inverse @ (m - t) for m in means] for t in tests])


def main():
    digits = safetensors.numpy.load_file(HERE / "digits.safetensors")
    x, y = digits["features"].astype(numpy.float64), digits["labels"]
    learned, tested, labels = x[:LEARNED], x[LEARNED : LEARNED + TESTED], y[:LEARNED]
    classes, d = int(y.max()) + 1, x.shape[1]
    u, n, b = uniform(d, WIDTH, SEED), normal(d, WIDTH, SEED), phases(WIDTH, SEED)

    def cosines(rows, scale):
        return (2 / WIDTH) ** 0.5 * numpy.cos(rows @ n.astype(numpy.float64) / scale + 2 * numpy.pi * b.astype(numpy.float64))

    def relu(rows, omega, scale=1.0):
        return numpy.maximum(scale * (rows @ omega.astype(numpy.float64)), 0)

    pairs = [numpy.linalg.norm(learned[i] - learned[j]) for i in range(LEARNED) for j in range(i)]
    median = float(numpy.median([distance for distance in pairs if distance > 0]))
    tensors = {
        "uniform": u, "normal": n, "phases": b, "labels": y[: LEARNED + TESTED],
        "median": numpy.array([median]),
        "ranpac.weight": ridge(relu(learned, n), labels, classes, 2.0),
        "relu.weight": ridge(relu(learned, u, 3.0), labels, classes, 0.1),
        "gelu.weight": ridge(gelu(2.0 * (learned @ u.astype(numpy.float64))), labels, classes, 0.1),
        "input.weight": ridge(numpy.hstack([relu(learned, n), learned]), labels, classes, 0.5),
        "cosine.weight": ridge(cosines(learned, 1.5), labels, classes, 0.01),
        "auto.weight": ridge(cosines(learned, median), labels, classes, 0.01),
        "auto.scores": cosines(tested, median) @ ridge(cosines(learned, median), labels, classes, 0.01),
        "afl.weight": afl(relu(learned, n), labels, classes, 0.5),
        "klda.logits": klda(cosines(learned, 1.5)[:, :24], labels, classes, cosines(tested, 1.5)[:, :24]),
    }
    safetensors.numpy.save_file(tensors, HERE / "published.safetensors")
    activations()


def activations():
    """Correctly rounded values of z·Φ(z), cos 2πt, ln((2w+1)/2³³) and cos, sin of 2πw/2³²."""
    random = numpy.random.default_rng(1)
    tensors = {}
    for kind, lowest, name in ((numpy.float64, -37.4, "f64"), (numpy.float32, -12.9, "f32")):
        z = numpy.concatenate(
            [random.uniform(low, high, 250) for low, high in ((lowest, -6), (-6, 0), (-1, 1), (0, 9), (-1e-3, 1e-3), (9, 60))]).astype(kind)
        t = numpy.concatenate([random.uniform(low, high, 250) for low, high in ((-0.5, 0.5), (0.24, 0.26), (-1e-3, 1e-3), (-63, 63))])
        if kind is numpy.float64:
            t = numpy.concatenate([t, random.uniform(-1e6, 1e6, 250), random.uniform(-1e14, 1e14, 250)])
        t = t.astype(kind)
        tensors |= {
            f"gelu.{name}.in": z, f"gelu.{name}.out": numpy.array([float(mpmath.mpf(float(v)) * cdf(v)) for v in z], numpy.float64),
            f"turn.{name}.in": t, f"turn.{name}.out": numpy.array([float(mpmath.cospi(2 * mpmath.mpf(float(v)))) for v in t], numpy.float64),
        }
    words = numpy.concatenate([random.integers(0, 1 << 32, 500), [0, 1, (1 << 32) - 1, 1 << 31, (1 << 31) - 1, 1 << 30, 3 << 30]])
    turns = [mpmath.mpf(2 * int(word)) / 2**32 for word in words]
    tensors |= {
        "words": words.astype(numpy.int64),
        "logarithm": numpy.array([float(mpmath.log(mpmath.mpf(2 * int(word) + 1) / 2**33)) for word in words]),
        "cosine": numpy.array([float(mpmath.cospi(turn)) for turn in turns]),
        "sine": numpy.array([float(mpmath.sinpi(turn)) for turn in turns]),
    }
    safetensors.numpy.save_file(tensors, HERE / "activations.safetensors")


main()
