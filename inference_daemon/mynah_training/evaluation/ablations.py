"""The ablations: what is taken away from which model, and what its paper says happens then.

`configs/ablations/LABEL.json` is the configuration of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

CONFIGS: Final = Path(__file__).resolve().parent.parent / "configs" / "ablations"
FULL: Final = "full"
LEFT_OUT: Final = (
    "Left out of the papers' ablations: DisentTalk's row w/o CHDTF, which is about training data "
    "that is not ours; AniTalker's Table 4, which compares ways to describe an image's face; what "
    "FixTalk has in its supplement, which we don't have. AniTalker's rows are cumulative, as "
    "printed. MSMD's no style basis has the very numbers of its VAE baseline, which by its text "
    "lacks cross-conditioning too; here only the basis is taken away."
)


@dataclass(frozen=True)
class Prediction:
    """Without the mechanism the score `column` gets larger (+1) or smaller (-1), which follows from
    what was `reported`: a number of the full model → one without it, or a sentence's claim."""

    column: str
    direction: Literal[1, -1]
    reported: str


@dataclass(frozen=True)
class Ablation:
    """`model` with something taken away: `title` says what, for people, and what stands in for it.

    `source` is the table or section of a paper that has the `predictions`; "" if they are only what
    the mechanism was made for.
    """

    model: str
    name: str
    title: str
    source: str
    predictions: tuple[Prediction, ...] = ()

    @property
    def label(self) -> str:
        return f"{self.model}-{self.name}"

    @property
    def config(self) -> Path:
        return CONFIGS / f"{self.label}.json"


def _mirrortalk(name: str, title: str, lmd: str, face: str, sync: str, style: str) -> Ablation:
    """A row of Table 2: mouth and face landmarks' distance, SyncNet's confidence, similarity of
    the style."""
    return Ablation(
        "mirrortalk", name, title, "Table 2",
        (
            Prediction("lip_vertex", 1, f"M-LMD 2.503 → {lmd}"),
            Prediction("mean_vertex", 1, f"F-LMD 2.265 → {face}"),
            Prediction("timing", 1, f"Sync_conf 3.843 → {sync}"),
            Prediction("similarity", -1, f"StyleSim 0.938 → {style}"),
        ),
    )  # fmt: skip


def _disenttalk(name: str, title: str, sync: str, lmd: str, blink: str) -> Ablation:
    """A row of Table IV: SyncNet's confidence, landmarks' distance, blinks per second."""
    return Ablation(
        "disenttalk", name, title, "Table IV",
        (
            Prediction("timing", 1, f"LSE-C 6.419 → {sync}"),
            Prediction("lip_vertex", 1, f"LMD 2.139 → {lmd}"),
            Prediction("blinks", -1, f"Blink 0.249 → {blink}"),
        ),
    )  # fmt: skip


def _msmd(name: str, title: str, mse: str, lve: str, fdd: str, mod: str) -> Ablation:
    """A row of Table 2, in mm (FDD in 1e-5 m)."""
    return Ablation(
        "msmd", name, title, "Table 2",
        (
            Prediction("mean_vertex", 1, f"MSE 3.46 → {mse}"),
            Prediction("lip_vertex", 1, f"LVE 8.54 → {lve}"),
            Prediction("dynamics", 1, f"FDD 43.4 → {fdd}"),
            Prediction("opening", 1, f"MOD 2.96 → {mod}"),
        ),
    )  # fmt: skip


def _anitalker(name: str, title: str, psnr: str, *, leaks: bool) -> Ablation:
    """A row of Table 3, of images in self-reenactment: what is rebuilt of a clip from its own
    motion. That codes without the losses tell identities is the claim of sections 3.2 and 4.4.1."""
    rebuilt = Prediction("rebuilt", 1, f"PSNR 29.071 → {psnr}")
    leak = Prediction("identity_leak", 1, "losses make the encoder attend to motion alone (4.4.1)")
    return Ablation(
        "anitalker", name, title, "Table 3", (rebuilt, leak) if leaks else (rebuilt,)
    )  # fmt: skip


def _fixtalk(name: str, title: str, *, leaks: bool, details: bool) -> Ablation:
    """A part of Fig. 7, which shows images; its numbers are in a supplement that we don't have."""
    leak = Prediction("identity_leak", 1, "EMI addresses identity leakage")
    detail = Prediction("rebuilt", 1, "EDI enhances detailed rendering")
    predictions = (leak,) * leaks + (detail,) * details
    return Ablation("fixtalk", name, title, "Fig. 7 and section 5.3", predictions)


def _mynah(name: str, title: str, source: str, *predictions: Prediction) -> Ablation:
    return Ablation("mynah", name, title, source, predictions)


_AS_DESIGNED: Final = "what it was made for"

ABLATIONS: Final = (
    _mirrortalk(
        "no_bank", "no memory banks: only clips of one batch are compared",
        "3.074", "2.426", "3.473", "0.869",
    ),
    _mirrortalk(
        "no_disentanglement", "no disentanglement: neither Eq. 4 nor the stage that prepares it",
        "3.687", "2.581", "2.805", "0.837",
    ),
    _mirrortalk("no_triplet", "no triplet loss", "2.933", "2.734", "3.724", "0.901"),
    _mirrortalk(
        "no_h_scales", "no hierarchical scales: audio and style are added as they are",
        "3.281", "2.401", "3.059", "0.911",
    ),
    _disenttalk(
        "no_temporal", "no multi-scale convolution (the local one stays)",
        "5.730", "2.216", "0.055",
    ),
    _disenttalk(
        "no_split", "no split of the channels: every region sees all of them (the sync loss still "
        "sees the lips)", "5.993", "2.243", "0.000",
    ),
    _disenttalk(
        "no_region_attention", "one attention of the whole width for those within regions",
        "5.955", "2.193", "0.006",
    ),
    _disenttalk(
        "no_local", "no local convolution: a frame by itself", "5.846", "2.276", "0.053"
    ),
    _disenttalk("no_sync", "no sync loss", "4.470", "2.380", "0.195"),
    _msmd("no_basis", "no style basis: the style's token alone", "3.61", "9.13", "47.4", "3.10"),
    _msmd(
        "no_cross", "no cross-conditioning: every item imitates itself",
        "3.59", "8.96", "46.3", "3.01",
    ),
    _anitalker("no_hal", "no HAL: the encoder's last layer", "28.728", leaks=False),
    _anitalker("no_hal_club", "neither HAL nor CLUB: AAM-softmax alone", "27.922", leaks=True),
    _anitalker("triplet", "neither HAL nor CLUB: a triplet loss alone", "26.455", leaks=True),
    _anitalker("baseline", "neither HAL, CLUB nor metric learning", "25.854", leaks=True),
    _fixtalk(
        "no_emi", "no EMI: the deepest scale gives the motion code, without Eq. 4",
        leaks=True, details=False,
    ),
    _fixtalk("no_edi", "no EDI: no memory of details", leaks=False, details=True),
    _fixtalk("no_emi_edi", "neither EMI nor EDI: the base", leaks=True, details=True),
    _mynah(
        "no_basis", "no style basis", "MSMD, Table 2",
        Prediction("mean_vertex", 1, "MSE 3.46 → 3.61"),
        Prediction("lip_vertex", 1, "LVE 8.54 → 9.13"),
    ),
    _mynah(
        "no_cross", "no cross-conditioning: every item imitates itself", "MSMD, Table 2",
        Prediction("dynamics", 1, "FDD 43.4 → 46.3"),
    ),
    _mynah(
        "no_split", "no split of the channels: every region sees all of them",
        "DisentTalk, Table IV", Prediction("blinks", -1, "Blink 0.249 → 0.000"),
    ),
    _mynah(
        "no_region_attention", "one attention of the whole width for those within regions",
        "DisentTalk, Table IV", Prediction("blinks", -1, "Blink 0.249 → 0.006"),
    ),
    _mynah(
        "one_scale", "a convolution of one scale for those of three", "DisentTalk, Table IV",
        Prediction("timing", 1, "LSE-C 6.419 → 5.730"),
    ),
    _mynah(
        "no_local", "no local convolution: a frame by itself", "DisentTalk, Table IV",
        Prediction("timing", 1, "LSE-C 6.419 → 5.846"),
    ),
    _mynah(
        "no_sync", "no sync loss", "DisentTalk, Table IV",
        Prediction("timing", 1, "LSE-C 6.419 → 4.470"),
    ),
    _mynah(
        "no_h_scales", "no hierarchical scales: audio and style are added as they are",
        "MirrorTalk, Table 2",
        Prediction("lip_vertex", 1, "M-LMD 2.503 → 3.281"),
        Prediction("timing", 1, "Sync_conf 3.843 → 3.059"),
        Prediction("similarity", -1, "StyleSim 0.938 → 0.911"),
    ),
    _mynah("printed_rule", "the lower face mixed as MirrorTalk prints it (Eq. 9)", ""),
    _mynah(
        "mean_pooling", "the mean over time for attention pooling of the style", "",
        Prediction("similarity", -1, _AS_DESIGNED),
    ),
    _mynah(
        "no_statistics", "the style encoder isn't told the channels' means and deviations", "",
        Prediction("similarity", -1, _AS_DESIGNED),
    ),
    _mynah(
        "no_gain", "the style doesn't scale the primary motion", "",
        Prediction("similarity", -1, _AS_DESIGNED),
    ),
    _mynah(
        "no_draft", "no draft by the regression model: phones are heard in its place", "",
        Prediction("lip_vertex", 1, _AS_DESIGNED),
    ),
    _mynah(
        "no_listening", "no convolutions of what is heard", "",
        Prediction("timing", 1, _AS_DESIGNED),
    ),
    _mynah(
        "no_join", "no loss on the border of windows", "", Prediction("joins", 1, _AS_DESIGNED)
    ),
    _mynah(
        "no_closure", "no loss on lips that meet for b, m, p", "",
        Prediction("closed", -1, _AS_DESIGNED),
    ),
)  # fmt: skip

MODELS: Final = tuple(dict.fromkeys(ablation.model for ablation in ABLATIONS))


def full_label(model: str) -> str:
    """The label of the model with nothing taken away."""
    return f"{model}-{FULL}"


STUDIED: Final = {full_label(m): m for m in MODELS} | {a.label: a.model for a in ABLATIONS}
"""The model behind each label, full ones first."""
