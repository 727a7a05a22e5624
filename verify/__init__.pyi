from verify.api import HypothesisError as HypothesisError
from verify.api import InputError as InputError
from verify.api import TheoremError as TheoremError
from verify.api import Verdict as Verdict
from verify.api import run as run
from verify.api import sweep as sweep
from verify.api import theorems as theorems

__version__: str
