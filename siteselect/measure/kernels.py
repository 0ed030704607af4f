"""Compiled kernels of `siteselect.measure.reach`; imported only where numba is installed.

Each gives what the numpy definition beside its caller gives, square by square, without building
the points x features matrix. Inner loops run over the points of a square, one feature at a time
and without a branch, so that several points are worked at once. Of the licences of fast maths only
those are taken that change no result of numbers: no operation is reordered or contracted.
"""

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from siteselect.measure.blocks import Floats, Squares

FAST = {"nnan", "nsz"}
# Of a squared distance, and square metres besides: more than rounding can make of either.
SLACK = 1e-12, 1e-6
# So few candidates are held against every point rather than looked through again.
FEW = 3
Piece = tuple[float, float, float, float, float, float, float]
Rival = tuple[float, float, float, float]
Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def _inner(function: Kernel) -> Kernel:
    """Compile what only other kernels call: without a door of its own, which would take time."""
    doors: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    compiled = njit(
        function, cache=True, nogil=True, error_model="numpy", fastmath=FAST, **doors
    )  # fmt: skip
    return cast("Kernel", compiled)


@_inner
def _square(east: float, north: float, piece: Piece) -> float:
    """Squared distance of a point to a straight piece.

    Beyond an end it is that to the end alone, to the last bit: pieces that share it are as far.
    """
    ae, an, de, dn, over, be, bn = piece
    pe, pn = east - ae, north - an
    t = (pe * de + pn * dn) * over
    he, hn = pe - t * de, pn - t * dn
    he, hn = (pe if t <= 0.0 else he), (pn if t <= 0.0 else hn)
    he, hn = (east - be if t >= 1.0 else he), (north - bn if t >= 1.0 else hn)
    return he * he + hn * hn


@_inner
def _piece(held: Floats, k: int) -> Piece:
    return held[0, k], held[1, k], held[2, k], held[3, k], held[4, k], held[5, k], held[6, k]


@_inner
def _foot(east: float, north: float, piece: Piece) -> tuple[float, float]:
    """The point of a piece that is nearest to a point."""
    ae, an, de, dn, over, be, bn = piece
    t = ((east - ae) * de + (north - an) * dn) * over
    fe, fn = (ae, an) if t <= 0.0 else (ae + t * de, an + t * dn)
    return (be, bn) if t >= 1.0 else (fe, fn)


@_inner
def _squares(east: float, north: float, given: Floats, out: Floats) -> None:
    """Squared distances of a point to as many of the pieces as there is room for."""
    count = len(out)
    ae, an, de, dn = given[0, :count], given[1, :count], given[2, :count], given[3, :count]
    over, be, bn = given[4, :count], given[5, :count], given[6, :count]
    for k in range(count):
        out[k] = _square(east, north, (ae[k], an[k], de[k], dn[k], over[k], be[k], bn[k]))


@_inner
def _within(box: Floats, given: Floats, kept: Floats, room: Floats) -> int:
    """Keep the features that the reach of a box allows to be the nearest somewhere in it."""
    radius, error, bound = given[7], given[8], math.inf
    _squares(box[0], box[1], given, room)
    for k in range(len(room)):
        far = math.sqrt(room[k]) - radius[k] + error[k]
        bound = far if far < bound else bound
    bound += 2.0 * math.sqrt(box[2] * box[2] + box[3] * box[3])
    found = 0
    for k in range(len(room)):
        if math.sqrt(room[k]) - radius[k] - error[k] <= bound:
            for row in range(9):
                kept[row, found] = given[row, k]
            found += 1
    return found


@_inner
def _refine(
    box: Floats, given: Floats, count: int, kept: Floats, room: Floats, spots: Floats
) -> int:
    """Keep the features that may be the nearest somewhere in a box; given and kept may be one.

    A piece is left out if a single point of another is nearer at all four corners. The difference
    of the squares of two distances to points is linear, so what holds at the corners holds between
    them, and this for every point of the piece.
    """
    for c in range(5):  # the centre and the corners
        spots[0, c] = box[0] + box[2] * ((c > 2) * 2.0 - 1.0) * (c > 0)
        spots[1, c] = box[1] + box[3] * ((c % 2 == 0) * 2.0 - 1.0) * (c > 0)
    here, beaten = room[0, :count], room[5, :count]
    for c in range(5):
        _squares(spots[0, c], spots[1, c], given, room[c, :count])
    for k in range(count):
        beaten[k] = -math.inf
    for c in range(5):
        best = _least(room[c, :count])
        fe, fn = _foot(spots[0, c], spots[1, c], _piece(given, best))
        _beat(spots, (fe, fn, given[7, best], given[8, best]), given, room, count)
    found = int(np.int64(0))  # for a plain 0 the next would be compiled apart
    for k in range(count):
        if beaten[k] <= SLACK[0] * here[k] + SLACK[1]:
            for row in range(9):
                kept[row, found] = given[row, k]
            found += 1
    return _ended(spots, kept, found)


@_inner
def _least(row: Floats) -> int:
    """Where the least of a row stands."""
    best = 0
    for k in range(1, len(row)):
        best = k if row[k] < row[best] else best
    return best


@_inner
def _beat(spots: Floats, rival: Rival, given: Floats, room: Floats, count: int) -> None:
    """By how much, at the corner where it is least, a point is nearer than each of the pieces."""
    fe, fn, wide, doubt = rival
    # Rows are cut one by one: only so does a loop over them know that they have no gaps.
    one, two, three, four = room[1, :count], room[2, :count], room[3, :count], room[4, :count]
    beaten, radius, error = room[5, :count], given[7, :count], given[8, :count]
    first = (spots[0, 1] - fe) ** 2 + (spots[1, 1] - fn) ** 2
    second = (spots[0, 2] - fe) ** 2 + (spots[1, 2] - fn) ** 2
    third = (spots[0, 3] - fe) ** 2 + (spots[1, 3] - fn) ** 2
    fourth = (spots[0, 4] - fe) ** 2 + (spots[1, 4] - fn) ** 2
    for k in range(count):
        low, other = one[k] - first, two[k] - second
        low = other if other < low else low
        other = three[k] - third
        low = other if other < low else low
        other = four[k] - fourth
        low = other if other < low else low
        # Only who has no smaller disc and no other error to offer can be left out for it.
        low = low if wide - radius[k] >= abs(doubt - error[k]) else -math.inf
        beaten[k] = low if low > beaten[k] else beaten[k]


@_inner
def _ended(spots: Floats, kept: Floats, count: int) -> int:
    """Make a piece its end where that is nearest throughout a box; no end twice in a row."""
    found = 0
    for k in range(count):
        ae, an, de, dn, over, be, bn = _piece(kept, k)
        before, beyond = True, True
        for c in range(1, 5):
            t = ((spots[0, c] - ae) * de + (spots[1, c] - an) * dn) * over
            before, beyond = before and t <= 0.0, beyond and t >= 1.0
        for row in range(9):
            kept[row, found] = kept[row, k]
        if before or beyond:
            kept[0, found] = kept[5, found] = ae if before else be
            kept[1, found] = kept[6, found] = an if before else bn
            kept[2, found] = kept[3, found] = kept[4, found] = 0.0
        same = found > 0 and (before or beyond)
        for row in range(9):
            same = same and kept[row, found] == kept[row, found - 1]
        found += 0 if same else 1
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def nearest(
    east: Floats,
    north: Floats,
    pieces: Floats,
    squares: Squares,
    out: Floats,
) -> None:
    """Least distance of each point to the pieces; and least near and far end of it, if asked.

    Parameters
    ----------
    east, north : numpy.ndarray, shape (p,)
        Metres, in the order of the squares.
    pieces : numpy.ndarray, shape (9, s)
        Easting and northing of the start, the way to the end, one over its squared length (0 for
        a point), easting and northing of the end, radius and error, metres.
    squares : tuple of numpy.ndarray
        As `Blocks` holds them: starts, boxes, parents, cuts.
    out : numpy.ndarray, shape (1 or 3, p)
        Receives distance, and near end and far end, metres.
    """
    starts, boxes, parents, cuts = squares
    sizes = len(cuts) - 1
    held = np.empty((sizes, 9, pieces.shape[1]))
    most = 0
    for i in range(len(starts) - 1):
        most = max(most, starts[i + 1] - starts[i])
    room, own = np.empty((6, pieces.shape[1])), np.empty((5, most))
    counts, here, chain = np.zeros(sizes, np.int64), np.full(sizes, -1), np.empty(sizes, np.int64)
    spots = np.empty((2, 5))
    level = np.zeros(sizes, np.int64)  # which size the candidates were last looked through for
    for i in range(len(starts) - 1):
        chain[sizes - 1] = cuts[sizes - 1] + i
        for size in range(sizes - 1, 0, -1):
            chain[size - 1] = parents[chain[size]]
        for size in range(sizes):
            if here[size] != chain[size]:
                here[size] = chain[size]
                box, source, count = boxes[:, chain[size]], level[size - 1], counts[size - 1]
                if not size:
                    source, count = 0, _within(box, pieces, held[0], room[0])
                level[size], counts[size] = source, count
                if count > FEW:
                    level[size] = size
                    counts[size] = _refine(box, held[source], count, held[size], room, spots)
        few, count = held[level[sizes - 1]], counts[sizes - 1]
        first, last = starts[i], starts[i + 1]
        _ends((east[first:last], north[first:last]), few, count, own, out[:, first:last])


@_inner
def _ends(place: tuple[Floats, Floats], few: Floats, count: int, own: Floats, out: Floats) -> None:
    """Distance of a square of points to the features left for it; near and far end, if asked.

    It is worked in `own`: rows of `out` may stand so in memory that a core mistakes the one for
    the other, and waits.
    """
    size, alike = len(place[0]), True
    for i in range(size):
        own[0, i], own[1, i] = place[0][i], place[1][i]
        own[2, i] = own[3, i] = own[4, i] = math.inf
    for k in range(1, count):
        alike = alike and few[7, k] == few[7, 0] and few[8, k] == few[8, 0]
    if alike and count:
        _alike(few, count, own, size)
    else:
        _unlike(few, count, own, size)
    for row in range(len(out)):
        for i in range(size):
            out[row, i] = own[2 + row, i]


@_inner
def _alike(few: Floats, count: int, own: Floats, size: int) -> None:
    """Ends of the distance to features of one radius and error: the nearest decides them all."""
    east, north, away = own[0, :size], own[1, :size], own[2, :size]
    low, high = own[3, :size], own[4, :size]
    for k in range(count):
        piece = _piece(few, k)
        for i in range(size):
            square = _square(east[i], north[i], piece)
            away[i] = square if square < away[i] else away[i]
    radius, error = few[7, 0], few[8, 0]
    for i in range(size):
        far = math.sqrt(away[i]) - radius
        away[i], low[i], high[i] = far, far - error, far + error


@_inner
def _unlike(few: Floats, count: int, own: Floats, size: int) -> None:
    """Ends of the distance to features, each of its own radius and error."""
    east, north, away = own[0, :size], own[1, :size], own[2, :size]
    low, high = own[3, :size], own[4, :size]
    for k in range(count):
        piece, radius, error = _piece(few, k), few[7, k], few[8, k]
        for i in range(size):
            far = math.sqrt(_square(east[i], north[i], piece)) - radius
            near, late = far - error, far + error
            away[i] = far if far < away[i] else away[i]
            low[i] = near if near < low[i] else low[i]
            high[i] = late if late < high[i] else high[i]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST, inline="always")
def _decayed(away: float, rate: float, cutoff: float) -> float:
    """exp(away x rate) up to the cutoff, right to 3e-14 of itself, without a call or a branch.

    exp(x) = exp(x / 256) ** 256, and that by its series to the eleventh power, which is summed in
    pairs: no term waits for all that come before it.
    """
    x = away * rate
    # Past exp(-64) nothing is left to be told from nothing.
    y = (x if x > -64.0 else -64.0) * 0.00390625
    y2 = y * y
    y4 = y2 * y2
    low = (1.0 + y) + (1.0 / 2.0 + y * (1.0 / 6.0)) * y2
    middle = (1.0 / 24.0 + y * (1.0 / 120.0)) + (1.0 / 720.0 + y * (1.0 / 5040.0)) * y2
    high = (1.0 / 40320.0 + y * (1.0 / 362880.0)) + (1.0 / 3628800.0 + y * (1.0 / 39916800.0)) * y2
    p = low + (middle + high * y4) * y4
    for _ in range(8):
        p *= p
    return p if away <= cutoff else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def supplied(
    place: tuple[Floats, Floats, Floats],
    sources: Floats,
    decay: tuple[float, float, float],
    squares: Squares,
    bounds: bool,
    out: Floats,
) -> None:
    """Sum over sources of amount x exp(-distance / scale), at nominal, far and near distance.

    Parameters
    ----------
    place : tuple of numpy.ndarray, shape (p,)
        Easting, northing and accuracy of the points, metres, in the order of the squares.
    sources : numpy.ndarray, shape (4, s)
        Easting, northing, amount and accuracy.
    decay : tuple of float
        Scale and cutoff, and the greatest sum of two accuracies, metres.
    squares : tuple of numpy.ndarray
        As `Blocks` holds them: starts, boxes, parents, cuts.
    bounds : bool
        Whether the sums at the far and the near distance are asked.
    out : numpy.ndarray, shape (3, p)
        Zeros; receives the sum, and its lower and upper bound.
    """
    starts, boxes, _, cuts = squares
    smallest = cuts[len(cuts) - 2]
    for i in range(len(starts) - 1):
        east, north, wide, high = boxes[:, smallest + i]
        reach = decay[1] + decay[2] + math.sqrt(wide * wide + high * high)
        for k in range(sources.shape[1]):
            de, dn = east - sources[0, k], north - sources[1, k]
            if de * de + dn * dn <= reach * reach:
                _add(place, sources, k, decay, starts[i], starts[i + 1], bounds, out)


@_inner
def _add(
    place: tuple[Floats, Floats, Floats],
    sources: Floats,
    k: int,
    decay: tuple[float, float, float],
    first: int,
    last: int,
    bounds: bool,
    out: Floats,
) -> None:
    east, north, slack = place
    rate, cutoff = -1.0 / decay[0], decay[1]
    se, sn, amount, accuracy = sources[0, k], sources[1, k], sources[2, k], sources[3, k]
    for i in range(first, last):
        de, dn = east[i] - se, north[i] - sn
        out[0, i] += amount * _decayed(math.sqrt(de * de + dn * dn), rate, cutoff)
    if bounds:
        for i in range(first, last):
            de, dn, doubt = east[i] - se, north[i] - sn, slack[i] + accuracy
            away = math.sqrt(de * de + dn * dn)
            near = away - doubt
            near = near if near > 0.0 else 0.0
            out[1, i] += amount * _decayed(away + doubt, rate, cutoff)
            out[2, i] += amount * _decayed(near, rate, cutoff)


@njit(cache=True, nogil=True, error_model="numpy")
def coded(
    place: tuple[Floats, Floats, Floats],
    features: Floats,
    limits: tuple[float, float],
    squares: Squares,
    bounds: bool,
    out: Floats,
) -> None:
    """Code of the feature nearest to each point, and the range over all that may be the nearest.

    Parameters
    ----------
    place : tuple of numpy.ndarray, shape (p,)
        Easting, northing and accuracy of the points, metres, in the order of the squares.
    features : numpy.ndarray, shape (4, s)
        Easting, northing, code and accuracy; a code may be NaN.
    limits : tuple of float
        How far a feature may be to say anything, and the greatest sum of two accuracies, metres.
    squares : tuple of numpy.ndarray
        As `Blocks` holds them: starts, boxes, parents, cuts.
    bounds : bool
        Whether the range is asked.
    out : numpy.ndarray, shape (3, p)
        NaN; receives the code, and the least and the greatest that it may be.
    """
    starts, boxes, _, cuts = squares
    smallest = cuts[len(cuts) - 2]
    east, north, slack = place
    few, room = np.empty(features.shape), np.empty(features.shape[1])
    for i in range(len(starts) - 1):
        count = _rivals(boxes[:, smallest + i], limits[1], features, room, few)
        for at in range(starts[i], starts[i + 1]):
            best, away, late = 0, math.inf, math.inf
            for k in range(count):
                de, dn = east[at] - few[0, k], north[at] - few[1, k]
                room[k] = math.sqrt(de * de + dn * dn)
                if room[k] < away:
                    best, away = k, room[k]
                late = min(late, room[k] + (slack[at] + few[3, k]))
            if away > limits[0]:
                continue
            out[0, at] = few[2, best]
            for k in range(count if bounds else 0):
                # What may be nearer than the nearest may be far, may be the nearest.
                if room[k] - (slack[at] + few[3, k]) <= late:
                    unknown = math.isnan(few[2, k])
                    least = -math.inf if unknown else few[2, k]
                    most = math.inf if unknown else few[2, k]
                    # No comparison holds with NaN, which stands there until the first code comes.
                    out[1, at] = out[1, at] if out[1, at] <= least else least
                    out[2, at] = out[2, at] if out[2, at] >= most else most


@_inner
def _rivals(box: Floats, doubt: float, features: Floats, room: Floats, few: Floats) -> int:
    """Keep the features that may be the nearest to a point somewhere in a box."""
    least = math.inf
    for k in range(len(room)):
        de, dn = box[0] - features[0, k], box[1] - features[1, k]
        room[k] = de * de + dn * dn
        least = room[k] if room[k] < least else least
    bound = math.sqrt(least) + 2.0 * (math.sqrt(box[2] * box[2] + box[3] * box[3]) + doubt)
    found = 0
    for k in range(len(room)):
        if room[k] <= bound * bound * (1.0 + SLACK[0]) + SLACK[1]:
            for row in range(4):
                few[row, found] = features[row, k]
            found += 1
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def counted(
    place: tuple[Floats, Floats, Floats],
    sources: Floats,
    member: NDArray[np.bool_],
    limits: tuple[float, float],
    squares: Squares,
    out: Floats,
) -> None:
    """How many families, or features, stand within a radius, and the bounds of that number.

    Parameters
    ----------
    place : tuple of numpy.ndarray, shape (p,)
        Easting, northing and accuracy of the points, metres, in the order of the squares.
    sources : numpy.ndarray, shape (3, s)
        Easting, northing and accuracy.
    member : numpy.ndarray of bool, shape (s, families)
        Which families each belongs to; without any, every feature counts for itself.
    limits : tuple of float
        The radius, and the greatest sum of two accuracies, metres.
    squares : tuple of numpy.ndarray
        As `Blocks` holds them: starts, boxes, parents, cuts.
    out : numpy.ndarray, shape (3, p)
        Zeros; receives the number, and its lower and upper bound.
    """
    starts, boxes, _, cuts = squares
    smallest = cuts[len(cuts) - 2]
    east, north, slack = place
    families = member.shape[1]
    hit, few = np.empty((3, families), np.bool_), np.empty(sources.shape[1], np.int64)
    for i in range(len(starts) - 1):
        be, bn, wide, high = boxes[:, smallest + i]
        reach, count = limits[0] + limits[1] + math.sqrt(wide * wide + high * high), 0
        for k in range(sources.shape[1]):
            de, dn = be - sources[0, k], bn - sources[1, k]
            if de * de + dn * dn <= reach * reach * (1.0 + SLACK[0]) + SLACK[1]:
                few[count] = k
                count += 1
        for at in range(starts[i], starts[i + 1]):
            hit[:] = False
            for k in few[:count]:
                de, dn = east[at] - sources[0, k], north[at] - sources[1, k]
                away, loose = math.sqrt(de * de + dn * dn), slack[at] + sources[2, k]
                ends = (away, away + loose, away - loose)
                for row in range(3):
                    if ends[row] <= limits[0]:
                        out[row, at] += families == 0
                        for f in range(families):
                            out[row, at] += member[k, f] and not hit[row, f]
                            hit[row, f] |= member[k, f]
