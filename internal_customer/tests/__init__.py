from . import test_demo
from . import test_judging
from . import test_period
from . import test_queries
from . import test_tours
from . import test_views
from . import test_worktime_equal
