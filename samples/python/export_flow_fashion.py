"""Export the trained transformer of Fashion-MNIST to ONNX, with reference values for tests.

    python3 export_flow_fashion.py flow-fashion.cool.pt

Writes into ../flow-fashion what export_flow_digits.py writes for the digits.
"""

import argparse

from export_flow_digits import Sample, export
from mmdit_classes import FASHION
from train_flow_fashion import SHIFT

FLOW_FASHION = Sample("flow-fashion", FASHION, "clothes", "Fashion-MNIST", SHIFT, seeds=4)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="file that train_flow_fashion.py wrote")
    export(FLOW_FASHION, parser.parse_args().checkpoint)
