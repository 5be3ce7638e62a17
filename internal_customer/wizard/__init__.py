from . import internal_incentive_run
from . import internal_request_word
