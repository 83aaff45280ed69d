"""One function per task. The DAGs and the command line call these and nothing deeper.

Every job may be killed and run again: what it writes depends on its input alone, and the markers that say what there
is to do are deleted last. Great Expectations costs seconds to import, so only the jobs that judge import it.
"""

from sohoa.jobs.asked_days import *
from sohoa.jobs.check_tasks import *
from sohoa.jobs.closed_gates import *
from sohoa.jobs.import_tasks import *
from sohoa.jobs.recheck_tasks import *
from sohoa.jobs.reconcile_tasks import *
from sohoa.jobs.report_tasks import *
from sohoa.jobs.review_tasks import *
from sohoa.jobs.summarise_tasks import *
from sohoa.jobs.upkeep_tasks import *
