"""Which of MediaPipe's 478 face landmarks mean what, and how far each is believed.

The numbers are those of MediaPipe's canonical face mesh
(https://github.com/google-ai-edge/mediapipe/blob/master/mediapipe/modules/face_geometry/data/canonical_face_model_uv_visualization.png);
"right" is the performer's right. 468 points lie on the skin, ten more on the irises.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

N_SKIN: Final = 468
N_POINTS: Final = 478
RIGHT_IRIS, LEFT_IRIS = 468, 473


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split())


INNER_LIPS: Final = (13, 14)
"""Middle of the upper and of the lower inner lip: their distance is the lip gap."""

LIP_PAIRS: Final = tuple(
    zip(
        _numbers("191 80 81 82 13 312 311 310 415"),
        _numbers("95 88 178 87 14 317 402 318 324"),
        strict=True,
    )
)
"""Opposite points (upper, lower) of the inner lip contour, from the right corner to the left."""

RIGHT_LID_PAIRS: Final = ((160, 144), (159, 145), (158, 153))
LEFT_LID_PAIRS: Final = ((385, 380), (386, 374), (387, 373))
RIGHT_EYE_CORNERS: Final = (33, 133)
LEFT_EYE_CORNERS: Final = (362, 263)

STABLE: Final = _numbers(
    # bridge and tip of the nose, corners of the eyes, forehead, temples
    "168 6 197 195 5 4 1 122 351 193 417 33 133 263 362 8 9 151 108 337 69 299 104 333 68 298 71"
    " 301 10 109 338 67 297 103 332 54 284 21 251 162 389 127 356 234 454"
)
"""What hardly moves on the skull: head pose is told from it."""

_OVAL: Final = _numbers(
    "10 338 297 332 284 251 389 356 454 323 361 288 397 365 379 378 400 377 152 148 176 149 150"
    " 136 172 58 132 93 234 127 162 21 54 103 67 109"
)
_FOREHEAD: Final = _numbers("151 108 337 69 299 104 333 68 298 71 301 139 368")
LIPS: Final = _numbers(
    "61 146 91 181 84 17 314 405 321 375 291 185 40 39 37 0 267 269 270 409"
    " 76 77 90 180 85 16 315 404 320 307 306 184 74 73 72 11 302 303 304 408"
    " 62 96 89 179 86 15 316 403 319 325 292 183 42 41 38 12 268 271 272 407"
    " 78 95 88 178 87 14 317 402 318 324 308 191 80 81 82 13 312 311 310 415"
)
_UPPER_LIP_INSIDE: Final = _numbers(
    "191 80 81 82 13 312 311 310 415 42 41 38 12 268 271 272 74 73 72 11 302 303 304"
)
_BROWS: Final = _numbers("70 63 105 66 107 46 53 52 65 55 300 293 334 296 336 276 283 282 295 285")
_LIDS: Final = _numbers(
    "33 7 163 144 145 153 154 155 133 173 157 158 159 160 161 246"
    " 263 249 390 373 374 380 381 382 362 398 384 385 386 387 388 466"
)

_AROUND_EYES: Final = _numbers(
    "130 247 30 29 27 28 56 190 243 112 26 22 23 24 110 25"
    " 359 467 260 259 257 258 286 414 463 341 256 252 253 254 339 255"
)
_MOUTH_AND_CHIN: Final = LIPS + _numbers(
    "164 167 165 92 186 57 43 106 182 83 18 313 406 335 273 287 410 322 391 393"
    " 212 202 204 194 201 200 421 418 424 422 432 214 434 210 430 211 431 32 262 208 428 199 175"
    " 152 148 176 149 150 136 172 377 400 378 379 365 397 171 396 140 369 170 395 169 394 135 364"
)

_DEPTH_TRUST: Final = 0.5
"""A landmark's depth is a guess from one image: it counts half."""


def _per_point(elsewhere: float, *marked: tuple[tuple[int, ...], float]) -> NDArray[np.float64]:
    values = np.full(N_SKIN, elsewhere)
    for points, value in marked:
        values[list(points)] = value
    return values


SKIN_TRUST: Final = _per_point(
    0.5,
    (_OVAL, 0.15),  # slides along the outline as the head turns
    (_FOREHEAD, 0.25),
    (_LIDS, 0.3),  # their apertures are measured beside
    (_BROWS, 1.0),
    (LIPS, 1.0),
    # where closed lips meet is not the edge that shows once they part
    (_UPPER_LIP_INSIDE, 0.2),
)[:, None] * np.array([1.0, 1.0, _DEPTH_TRUST])
"""Weight [468, 3] of a millimetre's error at each skin point, in the head's own axes."""

SKIN_STEADINESS: Final = _per_point(3.0, (_MOUTH_AND_CHIN, 1.0), (_LIDS + _AROUND_EYES, 0.3))
"""How much a skin point [468] is steadied, see `temporal.steady`: lids and lips are quick."""
