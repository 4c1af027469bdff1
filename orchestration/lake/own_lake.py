"""The lake of a run for an older as_of: the home's, but for what such a run writes itself.

What landed is shared by links and stays as it is. The home's next run must find nothing of the older one.
"""

from __future__ import annotations

import shutil

from orchestration.lake.paths import HomePaths
from orchestration.lake.private_files import make_folder

# Of what Python produces, what each run replaces: it answers for that as_of alone.
ESTIMATES = frozenset({"signal_estimates", "cause_estimates"})


def lake_of_its_own(paths: HomePaths) -> HomePaths:
    """A folder whose lake is the home's, but for what a run replaces: its own rows, the criteria and the estimates."""
    own = HomePaths(paths.tmp / "older-as-of").make()
    for folder in sorted(paths.landed.iterdir()):
        if folder.name not in ("run", "criteria", "handoff"):
            (own.landed / folder.name).symlink_to(folder, target_is_directory=True)
    handoff = make_folder(own.landed / "handoff")
    for each in sorted((paths.landed / "handoff").glob("*")):
        if each.name not in ESTIMATES:
            (handoff / each.name).symlink_to(each, target_is_directory=True)
    # What earlier runs said of sources that have left the registry holds for this one too.
    for kept in ("timezone_offsets", "sources", "source_stages"):
        if (paths.run / kept).exists():
            shutil.copytree(paths.run / kept, own.run / kept)
    return own
