"""The steps from a survey to its profiles, in their order: what each reads and writes, by flags."""

STEPS = {
    "clean_catalog": (("catalogue", "survey"), ("clean", "fields")),
    "compute_kinematics": (("clean",), ("kinematics",)),
    "flag_substructure": (("clean", "kinematics", "satellites"), ("stars",)),
    "select_samples": (("stars",), ("halo", "accreted", "insitu", "ledger")),
    # The samples, and shards; their flags are others.
    "run_realisations": ((), ()),
}


def needed(first: str | None) -> tuple[str, ...]:
    """Name the files that the steps from this one on read and do not make; of None, none."""
    steps = list(STEPS)
    later = [STEPS[step] for step in steps[steps.index(first) :]] if first else []
    made = {name for _, writes in later for name in writes}
    return tuple(dict.fromkeys(n for reads, _ in later for n in reads if n not in made))
