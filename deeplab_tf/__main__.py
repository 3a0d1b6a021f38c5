"""`python -m deeplab_tf`."""

import sys

from deeplab_tf.cli import main

sys.exit(main())
