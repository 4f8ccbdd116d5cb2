"""A network as an ONNX graph: made, stored, limited, and made to a network of torch again."""
