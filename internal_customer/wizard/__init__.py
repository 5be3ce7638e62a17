from . import internal_request_word
