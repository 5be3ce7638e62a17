from . import test_documents
from . import test_queries
from . import test_rights
from . import test_tours
from . import test_i18n
