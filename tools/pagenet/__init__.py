"""How the page net is trained and judged: needs the extra ``pagenet`` (PyTorch and onnx)."""
