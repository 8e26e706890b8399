"""A convolutional TensorFlow Lite graph as a torch module.

Covers the operators of the face detector and the landmark network, whose weights are stored as
float16. Activations are kept as (B, C, H, W) inside; inputs are (B, H, W, C) and reshapes see that
order too, as the graph means them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tflite
import torch
import torch.nn.functional as F
from torch import Tensor, nn

_DTYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}
_OPERATOR_NAMES = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
}


class TfliteGraph(nn.Module):
    """The graph of a .tflite file; `forward` gives its outputs in the file's order.

    Args:
        buffer: content of the file.

    Attributes:
        image_size: height and width in px of the images it was made for.

    Raises:
        ValueError: the graph uses an operator or option that is not covered.
    """

    def __init__(self, buffer: bytes) -> None:
        super().__init__()
        reader = _Reader(buffer)
        self.inputs, self.outputs = reader.inputs, reader.outputs
        self.image_size = reader.shape(self.inputs[0])[1]
        self.steps: list[tuple[list[int], int]] = []
        self.layers = nn.ModuleList()
        for index in range(reader.graph.OperatorsLength()):
            operator = reader.graph.Operators(index)
            name = reader.name_of(operator)
            if name == "DEQUANTIZE":  # constants are read as float32 at once
                reader.alias(operator)
                continue
            if name not in _BUILDERS:
                raise ValueError(f"operator {name} is not covered")
            self.layers.append(_BUILDERS[name](reader, operator))
            sources = [int(i) for i in operator.InputsAsNumpy() if not reader.is_constant(i)]
            self.steps.append((sources, int(operator.Outputs(0))))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Run on images (B, H, W, 3)."""
        values = {self.inputs[0]: image.permute(0, 3, 1, 2)}
        for layer, (sources, target) in zip(self.layers, self.steps, strict=True):
            values[target] = layer(*(values[source] for source in sources))
        outputs = [values[output] for output in self.outputs]
        return [x.permute(0, 2, 3, 1) if x.ndim == 4 else x for x in outputs]


class _Reader:
    """Access to the constants, shapes and options of a .tflite buffer."""

    def __init__(self, buffer: bytes) -> None:
        self.model = tflite.Model.GetRootAsModel(buffer, 0)
        self.graph = self.model.Subgraphs(0)
        self.inputs = [int(i) for i in self.graph.InputsAsNumpy()]
        self.outputs = [int(i) for i in self.graph.OutputsAsNumpy()]
        self._aliases: dict[int, int] = {}

    def name_of(self, operator: tflite.Operator) -> str:
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        return _OPERATOR_NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]

    def alias(self, operator: tflite.Operator) -> None:
        """Let the output of a DEQUANTIZE stand for its constant input."""
        self._aliases[int(operator.Outputs(0))] = int(operator.Inputs(0))

    def is_constant(self, index: int) -> bool:
        return self._buffer(index).DataLength() > 0

    def constant(self, index: int) -> np.ndarray:
        index = self._aliases.get(int(index), int(index))
        tensor = self.graph.Tensors(index)
        data = self._buffer(index).DataAsNumpy().tobytes()
        values = np.frombuffer(data, _DTYPES[tensor.Type()]).reshape(self.shape(index))
        return values.astype(np.float32 if values.dtype.kind == "f" else np.int64)

    def shape(self, index: int) -> tuple[int, ...]:
        tensor = self.graph.Tensors(int(index))
        return tuple(int(n) for n in tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()

    def _buffer(self, index: int) -> tflite.Buffer:
        index = self._aliases.get(int(index), int(index))
        return self.model.Buffers(self.graph.Tensors(index).Buffer())

    @staticmethod
    def options(operator: tflite.Operator, kind: type[Any]) -> Any:
        table, options = operator.BuiltinOptions(), kind()
        options.Init(table.Bytes, table.Pos)
        return options


class _Pad(nn.Module):
    def __init__(self, amounts: list[int], value: float = 0.0) -> None:
        super().__init__()
        self.amounts, self.value = amounts, value

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, self.amounts, value=self.value)


class _Add(nn.Module):
    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.activation(x + y)


class _PRelu(nn.Module):
    """Slope per channel on negative values, in a form that onnxruntime runs twice as fast."""

    def __init__(self, slope: Tensor) -> None:
        super().__init__()
        self.slope: Tensor
        self.register_buffer("slope", slope[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x) * (1 - self.slope) + self.slope * x


class _Reshape(nn.Module):
    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).reshape(-1, *self.shape[1:])


class _Concatenation(nn.Module):
    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, *parts: Tensor) -> Tensor:
        return torch.cat(parts, self.axis)


def _activation(code: int) -> nn.Module:
    known = {
        tflite.ActivationFunctionType.NONE: nn.Identity,
        tflite.ActivationFunctionType.RELU: nn.ReLU,
        tflite.ActivationFunctionType.RELU6: nn.ReLU6,
    }
    if code not in known:
        raise ValueError(f"fused activation {code} is not covered")
    return known[code]()


def _same_padding(
    size: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, int], value: float
) -> nn.Module:
    """TensorFlow's SAME padding of (B, H, W, C) sizes; an odd pixel goes below and to the right."""
    amounts = []
    for n, k, s in reversed(list(zip(size[1:3], kernel, stride, strict=True))):
        total = max((-(-n // s) - 1) * s + k - n, 0)
        amounts += [total // 2, total - total // 2]
    return _Pad(amounts, value) if any(amounts) else nn.Identity()


def _convolution(reader: _Reader, operator: tflite.Operator) -> nn.Module:
    depthwise = reader.name_of(operator) == "DEPTHWISE_CONV_2D"
    kind = tflite.DepthwiseConv2DOptions if depthwise else tflite.Conv2DOptions
    options = reader.options(operator, kind)
    if (options.DilationHFactor(), options.DilationWFactor()) != (1, 1):
        raise ValueError("dilated convolutions are not covered")
    source, weight, bias = operator.InputsAsNumpy()
    kernel = torch.from_numpy(reader.constant(weight))
    kernel = kernel.permute((3, 0, 1, 2) if depthwise else (0, 3, 1, 2)).contiguous()
    stride = (options.StrideH(), options.StrideW())
    groups = reader.shape(source)[3] if depthwise else 1
    height, width = kernel.shape[2:]
    layer = nn.Conv2d(kernel.shape[1] * groups, len(kernel), (height, width), stride, groups=groups)
    layer.weight = nn.Parameter(kernel)
    layer.bias = nn.Parameter(torch.from_numpy(reader.constant(bias)))
    steps = [layer, _activation(options.FusedActivationFunction())]
    if options.Padding() == tflite.Padding.SAME:
        steps.insert(0, _same_padding(reader.shape(source), (height, width), stride, 0.0))
    return nn.Sequential(*steps)


def _max_pool(reader: _Reader, operator: tflite.Operator) -> nn.Module:
    options = reader.options(operator, tflite.Pool2DOptions)
    kernel = (options.FilterHeight(), options.FilterWidth())
    stride = (options.StrideH(), options.StrideW())
    steps = [nn.MaxPool2d(kernel, stride), _activation(options.FusedActivationFunction())]
    if options.Padding() == tflite.Padding.SAME:
        size = reader.shape(operator.Inputs(0))
        steps.insert(0, _same_padding(size, kernel, stride, -torch.inf))
    return nn.Sequential(*steps)


def _prelu(reader: _Reader, operator: tflite.Operator) -> nn.Module:
    return _PRelu(torch.from_numpy(reader.constant(operator.Inputs(1))).flatten())


def _add(reader: _Reader, operator: tflite.Operator) -> nn.Module:
    options = reader.options(operator, tflite.AddOptions)
    return _Add(_activation(options.FusedActivationFunction()))


def _pad(reader: _Reader, operator: tflite.Operator) -> nn.Module:
    batch, rows, columns, channels = reader.constant(operator.Inputs(1)).tolist()
    return _Pad([*columns, *rows, *channels, *batch])


def _reshape(reader: _Reader, operator: tflite.Operator) -> nn.Module:
    return _Reshape(reader.shape(operator.Outputs(0)))


def _concatenation(reader: _Reader, operator: tflite.Operator) -> nn.Module:
    return _Concatenation(reader.options(operator, tflite.ConcatenationOptions).Axis())


_BUILDERS: dict[str, Callable[[_Reader, tflite.Operator], nn.Module]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "MAX_POOL_2D": _max_pool,
    "PRELU": _prelu,
    "RELU": lambda reader, operator: nn.ReLU(),
    "LOGISTIC": lambda reader, operator: nn.Sigmoid(),
    "ADD": _add,
    "PAD": _pad,
    "RESHAPE": _reshape,
    "CONCATENATION": _concatenation,
}
