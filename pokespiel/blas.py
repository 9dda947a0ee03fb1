"""One thread for dense linear algebra: import this before NumPy.

The loop's dense products are small; on few cores, threads that wait for each other made them twenty times slower.
Set OPENBLAS_NUM_THREADS to have it otherwise. Torch keeps threads of its own.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
