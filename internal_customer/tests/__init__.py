from . import test_worktime_equal
