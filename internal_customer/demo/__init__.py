from . import internal_request
