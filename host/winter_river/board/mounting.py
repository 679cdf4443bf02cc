"""Running the firmware on a board from this machine's files, over the cable: edit, run again, no flashing."""

from winter_river.board import stage
from winter_river.board.flashing import Job
from winter_river.board.private_folder import private_folder
from winter_river.board.report import Report
from winter_river.board.run_mpremote import Mpremote

# Runs on the board, whose current folder is the mounted one; its own lib would win otherwise.
RUN = "import sys; sys.path.insert(1, '/remote/lib'); import main; main.run()"


def mount(job: Job, report: Report) -> int:
    """Mounts a staged tree of links and runs it until the user stops it; mpremote's exit code.

    The watchdog is off: a node that is being worked on stands still for longer than it allows.
    """
    report.step(f"Mount the files of {job.node.id} on {job.port}; Ctrl-C stops the node, Ctrl-] in a console ends it")
    tree = stage.files(job.node, job.board, job.credentials, root=job.root, watchdog=False, plain=True)
    with private_folder() as folder:
        stage.link(tree, folder)
        # The links lead out of the folder on purpose, to the sources.
        return Mpremote(job.port).attach("mount", "--unsafe-links", str(folder), "exec", RUN)
