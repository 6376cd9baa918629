"""Save a small model of every kind with the Keras of this Python, and the scores that it gives after loading it again.

``python tools/make_zoo.py tests/golden/keras-2.15.0.zip`` writes one archive: ``<case>.h5`` for each case,
``cases.json`` (kind of input and precision, or why the maker cannot load its own file), and ``scores.npz`` (the two
inputs and one column of scores for each case). CONTRIBUTING.md says with which environments.
"""

from __future__ import annotations

import io
import json
import os
import random
import re
import sys
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", KERAS_BACKEND="tensorflow")

import numpy as np
import tensorflow as tf

keras, L = tf.keras, tf.keras.layers
VERSION = metadata.version("keras")
KERAS_2 = VERSION.startswith("2")
CODES, WIDTH, ROWS = 10, 12, 60
ACTIVATIONS = (
    "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear "
    "log_sigmoid log_softmax mish relu relu6 selu sigmoid silu softmax softplus soft_shrink softsign sparse_plus "
    "sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold"
).split()


def inputs() -> dict[str, Any]:
    """Counts of codes, and places in the vocabulary padded on the left; no row is empty."""
    chance = random.Random(1)
    rows = [[chance.randint(1, CODES) for _ in range(chance.randint(1, WIDTH))] for _ in range(ROWS)]
    bag, sequence = np.zeros((ROWS, CODES), "float32"), np.zeros((ROWS, WIDTH), "int32")
    for index, row in enumerate(rows):
        sequence[index, WIDTH - len(row) :] = row
        for place in row:
            bag[index, place - 1] += 1
    return {"dense_bow": bag, "sequence": sequence}


def score() -> Any:
    """The layer at the end of most models."""
    return L.Dense(1, activation="sigmoid")


def bow(*layers: Any) -> Any:
    """Layers between counts of codes and one score."""
    return keras.Sequential([L.Input((CODES,)), *layers, score()])


def seq(*layers: Any, mask: bool = False) -> Any:
    """Layers between an embedding of 4 columns and one score."""
    return keras.Sequential([L.Input((WIDTH,)), L.Embedding(CODES + 1, 4, mask_zero=mask), *layers, score()])


def pooled(*layers: Any, mask: bool = False) -> Any:
    """The same, where the layers give something of every step."""
    return seq(*layers, L.GlobalMaxPooling1D(), mask=mask)


def joined(call: Callable[[Any], Any], width: int = CODES) -> Any:
    """A functional model of counts."""
    start = L.Input((width,))
    return keras.Model(start, score()(call(start)))


def stepwise(call: Callable[[Any], Any], mask: bool = False) -> Any:
    """A functional model of an embedding."""
    start = L.Input((WIDTH,))
    return keras.Model(start, score()(call(L.Embedding(CODES + 1, 4, mask_zero=mask)(start))))


def half(policy: str, *layers: Any, **last: Any) -> Any:
    """Layers that compute in ``policy``."""
    keras.mixed_precision.set_global_policy(policy)
    return keras.Sequential(
        [L.Input((CODES,)), *(layer() for layer in layers), L.Dense(1, activation="sigmoid", **last)]
    )


def normalization() -> Any:
    layer = L.Normalization()
    layer.adapt(np.random.RandomState(0).rand(50, CODES).astype("float32"))
    return bow(layer, L.Dense(4, activation="relu"))


def nested(start: Any) -> Any:
    inner = [L.Input((CODES,)), L.Dense(6, activation="relu"), L.BatchNormalization(), L.Dense(4)]
    return keras.Sequential(inner, name="inner")(start)


def nested_same_names(start: Any) -> Any:
    first = keras.Sequential([L.Input((CODES,)), L.Dense(6, activation="relu", name="same")], name="a")
    second = keras.Sequential([L.Input((CODES,)), L.Dense(6, activation="tanh", name="same")], name="b")
    return L.Concatenate()([first(start), second(start)])


def nested_functional(start: Any) -> Any:
    inner = L.Input((CODES,))
    half_way = L.Dense(5, activation="tanh")(inner)
    block = keras.Model(inner, L.Concatenate()([half_way, L.BatchNormalization()(half_way)]), name="block")
    return L.Add()([block(start), block(L.Dense(CODES)(start))])


def shared(start: Any) -> Any:
    layer = L.Dense(CODES, activation="tanh")
    return L.Add()([layer(start), layer(layer(start))])


def merged(start: Any) -> Any:
    sides = [L.Dense(4, activation="tanh")(start), L.Dense(4, activation="relu")(start)]
    kinds = (L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Add, L.Concatenate)
    return L.Concatenate()([*(kind()(sides) for kind in kinds), L.Dot(axes=1)(sides), L.Dot(1, normalize=True)(sides)])


def states(steps: Any) -> Any:
    out, hidden, cell = L.LSTM(4, return_sequences=True, return_state=True)(steps)
    return L.LSTM(4)(out, initial_state=[hidden, cell])


def gru_state(steps: Any) -> Any:
    return L.GRU(3)(steps, initial_state=L.Dense(3)(L.GlobalMaxPooling1D()(steps)))


def bidirectional_state(steps: Any) -> Any:
    _, *last = L.Bidirectional(L.LSTM(3, return_state=True))(steps)
    return L.Bidirectional(L.LSTM(3))(steps, initial_state=last)


def attention(kind: str, **options: Any) -> Callable[[Any], Any]:
    return lambda steps: L.GlobalMaxPooling1D()(getattr(L, kind)(**options)([steps, steps]))


def heads(**call: Any) -> Callable[[Any], Any]:
    return lambda steps: L.GlobalAveragePooling1D()(L.MultiHeadAttention(2, 3)(steps, steps, **call))


def transformer(steps: Any) -> Any:
    seen = L.MultiHeadAttention(2, 2, value_dim=3, output_shape=4)(query=steps, value=steps, key=steps)
    summed = L.LayerNormalization(epsilon=1e-6)(L.Add()([seen, steps]))
    return L.GlobalAveragePooling1D()(L.LayerNormalization()(L.Add()([L.Dense(4, activation="gelu")(summed), summed])))


def convolutions(steps: Any) -> Any:
    return L.Concatenate()([L.GlobalMaxPooling1D()(L.Conv1D(3, size, activation="relu")(steps)) for size in (2, 3, 4)])


def two_outputs() -> Any:
    start = L.Input((CODES,))
    return keras.Model(start, [score()(start), score()(start)])


def two_inputs() -> Any:
    first, second = L.Input((CODES,)), L.Input((CODES,))
    return keras.Model([first, second], score()(L.Add()([first, second])))


def bare(*layers: Any) -> Any:
    return keras.Sequential(list(layers))


def grid(*layers: Any) -> Any:
    """Layers on the embedding as a picture of one channel."""
    return seq(L.Reshape((WIDTH, 4, 1)), *layers, L.Flatten())


def cube(*layers: Any) -> Any:
    return seq(L.Reshape((3, 4, 4, 1)), *layers, L.Flatten())


def frames(*layers: Any) -> Any:
    return seq(L.Reshape((3, 4, 4)), *layers, L.Flatten())


def cells(*names: str, **options: Any) -> Any:
    return L.RNN([getattr(L, name)(4) for name in names], **options)


def start_token() -> Any:
    return L.Input((WIDTH,), dtype="int32")


def own_activation(x: Any) -> Any:
    return x * 2


keras.utils.register_keras_serializable("mine")(own_activation)


def activated(name: str) -> Any:
    return bow(L.Dense(8, activation=name), L.Dense(4), L.Activation(name))


BAG: dict[str, Callable[[], Any]] = {
    "plain": lambda: bow(L.Dense(8, activation="relu"), L.Dropout(0.3)),
    "initializers": lambda: bow(
        L.Dense(4, kernel_initializer=keras.initializers.Orthogonal(), bias_initializer="ones"),
        L.Dense(4, kernel_initializer="he_normal", bias_initializer=keras.initializers.Constant(0.5)),
        L.Dense(4, bias_initializer="random_uniform"),
        L.Dense(4, kernel_initializer=keras.initializers.VarianceScaling(2.0), bias_initializer="random_normal"),
        L.Dense(4, kernel_initializer="lecun_uniform", bias_initializer=keras.initializers.TruncatedNormal()),
    ),
    "regularized": lambda: bow(
        L.Dense(
            4,
            kernel_regularizer=keras.regularizers.L1L2(1e-4, 1e-4),
            bias_regularizer="l2",
            activity_regularizer=keras.regularizers.L1(1e-5),
            kernel_constraint=keras.constraints.MaxNorm(2.0),
        ),
        L.Dense(4, kernel_constraint=keras.constraints.UnitNorm(), bias_constraint=keras.constraints.NonNeg()),
        L.Dense(4, kernel_regularizer=keras.regularizers.OrthogonalRegularizer(), kernel_constraint="min_max_norm"),
    ),
    "radial": lambda: grid(L.Conv2D(2, 3, kernel_constraint=keras.constraints.RadialConstraint())),
    "no_bias": lambda: bow(L.Dense(4, use_bias=False)),
    "batch_normalization": lambda: bow(L.Dense(8), L.BatchNormalization(), L.Activation("relu")),
    "batch_normalization_bare": lambda: bow(L.Dense(8), L.BatchNormalization(center=False, scale=False, epsilon=0.01)),
    "layer_normalization": lambda: bow(L.Dense(8), L.LayerNormalization(), L.LayerNormalization(epsilon=0.1, axis=1)),
    "group_normalization": lambda: bow(L.Dense(8), L.GroupNormalization(groups=4)),
    "unit_normalization": lambda: bow(L.UnitNormalization()),
    "normalization": normalization,
    "normalization_given": lambda: bow(L.Normalization(mean=1.5, variance=2.0), L.Dense(4)),
    "normalization_invert": lambda: bow(L.Normalization(mean=0.5, variance=2.0, invert=True), L.Dense(4)),
    "rescaling": lambda: bow(L.Rescaling(0.1, offset=0.5), L.Dense(4, activation="relu")),
    "leaky_relu": lambda: bow(L.Dense(8), L.LeakyReLU(0.2), L.Dense(8), L.LeakyReLU()),
    "prelu": lambda: bow(L.Dense(8), L.PReLU(), L.Dense(4), L.PReLU(shared_axes=[1])),
    "elu": lambda: bow(L.Dense(8), L.ELU(0.7), L.Dense(4), L.ELU()),
    "relu": lambda: bow(L.Dense(8), L.ReLU(max_value=3.0, negative_slope=0.2, threshold=0.1), L.Dense(4), L.ReLU()),
    "softmax": lambda: bow(L.Dense(8), L.Softmax(), L.Reshape((2, 4)), L.Softmax(axis=1), L.Flatten()),
    "softmax_axes": lambda: bow(L.Dense(8), L.Reshape((2, 4)), L.Softmax(axis=[1, 2]), L.Flatten()),
    "residual": lambda: joined(lambda x: L.Concatenate()([L.Add()([L.Dense(CODES, activation="relu")(x), x]), x])),
    "plus": lambda: joined(lambda x: L.Dense(CODES, activation="relu")(x) + x),
    "times": lambda: joined(lambda x: L.Dense(4)(x * 0.5)),
    "merged": lambda: joined(merged),
    "nested": lambda: joined(nested),
    "nested_same_names": lambda: joined(nested_same_names),
    "nested_functional": lambda: joined(nested_functional),
    "nested_in_sequential": lambda: bow(bare(L.Input((CODES,)), L.Dense(4, activation="tanh"), L.Dense(3))),
    "shared": lambda: joined(shared),
    "logits": lambda: bare(L.Input((CODES,)), L.Dense(1)),
    "noise": lambda: bow(
        L.GaussianNoise(0.1), L.Dense(4), L.GaussianDropout(0.2), L.AlphaDropout(0.1), L.ActivityRegularization(l1=1e-5)
    ),
    "noise_shape": lambda: bow(L.Dropout(0.2, noise_shape=(None, CODES), seed=3), L.Dense(4)),
    "hard_sigmoid_twice": lambda: bare(
        L.Input((CODES,)), L.Dense(8, activation="hard_sigmoid"), L.Dense(1, activation="hard_sigmoid")
    ),
    "named_with_a_slash": lambda: bow(L.Dense(4, name="block/dense")),
    "lambda": lambda: bow(L.Lambda(lambda x: x * 2)),
    "own_activation": lambda: bow(L.Dense(4, activation=own_activation)),
    "lambda_activation": lambda: bow(L.Dense(4, activation=lambda x: x * 2)),
    "two_scores": lambda: bare(L.Input((CODES,)), L.Dense(2, activation="softmax")),
    "two_outputs": two_outputs,
    "two_inputs": two_inputs,
    "mixed_float16": lambda: half("mixed_float16", lambda: L.Dense(8, activation="relu"), L.BatchNormalization),
    "mixed_float16_out": lambda: half("mixed_float16", lambda: L.Dense(8, activation="relu"), dtype="float32"),
    "mixed_bfloat16": lambda: half("mixed_bfloat16", lambda: L.Dense(8, activation="relu"), L.LayerNormalization),
    "bfloat16": lambda: half("bfloat16", lambda: L.Dense(8, activation="relu")),
    "float16": lambda: half("float16", lambda: L.Dense(8, activation="relu")),
    "float64": lambda: half("float64", lambda: L.Dense(8, activation="relu")),
    "einsum_bag": lambda: bow(L.EinsumDense("ab,bc->ac", output_shape=4, bias_axes="c", activation="relu")),
    "discretization": lambda: bow(L.Discretization(bin_boundaries=[0.5, 1.5]), L.Rescaling(0.3)),
    "autoencoder": lambda: bow(
        L.RepeatVector(3), L.LSTM(3, return_sequences=True), L.TimeDistributed(L.Dense(2)), L.Flatten()
    ),
    **({"identity": lambda: bow(L.Identity(), L.Dense(4))} if hasattr(L, "Identity") else {}),
    **({"thresholded_relu": lambda: bow(L.Dense(8), L.ThresholdedReLU(0.3))} if hasattr(L, "ThresholdedReLU") else {}),
    **({"spectral": lambda: bow(L.SpectralNormalization(L.Dense(4)))} if hasattr(L, "SpectralNormalization") else {}),
    **({"rms": lambda: bow(L.Dense(4), L.RMSNormalization())} if hasattr(L, "RMSNormalization") else {}),
    **{
        f"activation_{name}": partial(activated, name)
        for name in ACTIVATIONS
        if hasattr(keras.activations, name) or (KERAS_2 and name == "leaky_relu")
    },
}
SEQUENCE: dict[str, Callable[[], Any]] = {
    "average": lambda: seq(L.GlobalAveragePooling1D()),
    "average_mask": lambda: seq(L.GlobalAveragePooling1D(), mask=True),
    "average_keepdims": lambda: seq(L.GlobalAveragePooling1D(keepdims=True), L.Flatten()),
    "average_channels_first": lambda: seq(L.GlobalAveragePooling1D(data_format="channels_first")),
    "maximum_channels_first": lambda: seq(L.GlobalMaxPooling1D(data_format="channels_first")),
    "maximum_mask": lambda: pooled(mask=True),
    "flatten": lambda: seq(L.Flatten()),
    "flatten_channels_first": lambda: seq(L.Flatten(data_format="channels_first")),
    "flatten_mask": lambda: seq(L.Flatten(), mask=True),
    "lstm": lambda: seq(L.LSTM(4)),
    "lstm_mask": lambda: seq(L.LSTM(4), mask=True),
    "lstm_options": lambda: seq(
        L.LSTM(4, activation="relu", recurrent_activation="tanh", use_bias=False, dropout=0.2, recurrent_dropout=0.2)
    ),
    "lstm_hard_sigmoid": lambda: seq(L.LSTM(4, recurrent_activation="hard_sigmoid", unit_forget_bias=False)),
    "lstm_backwards": lambda: seq(L.LSTM(4, go_backwards=True, unroll=True, implementation=1), mask=True),
    "lstm_states": lambda: stepwise(states),
    "lstm_states_mask": lambda: stepwise(states, mask=True),
    "lstm_stacked": lambda: seq(L.LSTM(4, return_sequences=True), L.LSTM(3), mask=True),
    "gru": lambda: seq(L.GRU(4)),
    "gru_mask": lambda: seq(L.GRU(4), mask=True),
    "gru_reset_before": lambda: seq(L.GRU(4, reset_after=False), mask=True),
    "gru_hard_sigmoid": lambda: seq(L.GRU(4, recurrent_activation="hard_sigmoid", reset_after=False)),
    "gru_state": lambda: stepwise(gru_state),
    "simple_rnn": lambda: seq(L.SimpleRNN(4), mask=True),
    "rnn_cell": lambda: seq(L.RNN(L.SimpleRNNCell(4))),
    "rnn_cells": lambda: seq(cells("LSTMCell", "GRUCell")),
    "rnn_cells_mask": lambda: seq(cells("GRUCell", "SimpleRNNCell", return_sequences=True), L.Flatten(), mask=True),
    "rnn_stacked": lambda: seq(L.RNN(L.StackedRNNCells([L.LSTMCell(4), L.GRUCell(3)]))),
    "rnn_zero_output": lambda: seq(
        L.RNN(L.LSTMCell(4), return_sequences=True, zero_output_for_mask=True), L.Flatten(), mask=True
    ),
    "bidirectional": lambda: seq(L.Bidirectional(L.LSTM(3)), mask=True),
    "bidirectional_sum": lambda: seq(L.Bidirectional(L.GRU(3), merge_mode="sum")),
    "bidirectional_average": lambda: seq(L.Bidirectional(L.GRU(3), merge_mode="ave"), mask=True),
    "bidirectional_product": lambda: seq(L.Bidirectional(L.SimpleRNN(3), merge_mode="mul")),
    "bidirectional_stacked": lambda: seq(
        L.Bidirectional(L.LSTM(3, return_sequences=True)), L.Bidirectional(L.GRU(3)), mask=True
    ),
    "bidirectional_other": lambda: seq(L.Bidirectional(L.LSTM(3), backward_layer=L.GRU(3, go_backwards=True))),
    "bidirectional_state": lambda: stepwise(bidirectional_state),
    "bidirectional_hard_sigmoid": lambda: seq(L.Bidirectional(L.LSTM(3, recurrent_activation="hard_sigmoid"))),
    "time_distributed": lambda: pooled(L.TimeDistributed(L.Dense(3, activation="relu"))),
    "time_distributed_mask": lambda: seq(L.TimeDistributed(L.Dense(3)), L.LSTM(3), mask=True),
    "time_distributed_model": lambda: pooled(L.TimeDistributed(bare(L.Input((4,)), L.Dense(3, activation="tanh")))),
    "time_distributed_lstm": lambda: frames(L.TimeDistributed(L.LSTM(3))),
    "convolution": lambda: pooled(
        L.Conv1D(4, 3, padding="same", activation="relu"), L.MaxPooling1D(2), L.Conv1D(3, 2, strides=2)
    ),
    "convolution_causal": lambda: pooled(L.Conv1D(4, 3, padding="causal", dilation_rate=2), L.AveragePooling1D(2)),
    "convolution_groups": lambda: pooled(L.Conv1D(4, 3, groups=2)),
    "convolution_mask": lambda: pooled(L.Conv1D(4, 3), mask=True),
    "convolutions": lambda: stepwise(convolutions),
    "separable": lambda: pooled(L.SeparableConv1D(4, 3, depth_multiplier=2, padding="same")),
    "depthwise": lambda: pooled(L.DepthwiseConv1D(2, depth_multiplier=2)),
    "transposed": lambda: pooled(L.Conv1DTranspose(3, 3, strides=2)),
    "transposed_padding": lambda: pooled(L.Conv1DTranspose(3, 3, strides=2, padding="same", output_padding=1)),
    "spatial_dropout": lambda: pooled(L.SpatialDropout1D(0.2), L.Conv1D(3, 2)),
    "sizes": lambda: pooled(L.UpSampling1D(2), L.ZeroPadding1D((1, 2)), L.Cropping1D((2, 1)), L.Conv1D(3, 3)),
    "pool_same": lambda: pooled(L.MaxPooling1D(3, padding="same"), L.AveragePooling1D(2, strides=1, padding="same")),
    "pool_channels_first": lambda: seq(L.MaxPooling1D(2, data_format="channels_first"), L.Flatten()),
    "heads": lambda: stepwise(heads()),
    "heads_causal": lambda: stepwise(heads(use_causal_mask=True)),
    "heads_mask": lambda: stepwise(heads(), mask=True),
    "transformer": lambda: stepwise(transformer),
    "attention": lambda: stepwise(attention("Attention")),
    "attention_scaled": lambda: stepwise(attention("Attention", use_scale=True, score_mode="concat"), mask=True),
    "additive_attention": lambda: stepwise(attention("AdditiveAttention")),
    "additive_attention_mask": lambda: stepwise(attention("AdditiveAttention", use_scale=False), mask=True),
    "shapes": lambda: seq(L.Permute((2, 1)), L.Reshape((WIDTH * 4,)), L.RepeatVector(3), L.Flatten()),
    "masking": lambda: bare(L.Input((WIDTH,)), L.Reshape((WIDTH, 1)), L.Masking(0.0), L.LSTM(3), score()),
    "dense_steps": lambda: pooled(L.Dense(3, activation="relu"), L.Activation("softmax")),
    "softmax_mask": lambda: seq(L.Dense(3), L.Softmax(), L.LSTM(3), mask=True),
    "normalized_mask": lambda: seq(L.BatchNormalization(), L.LayerNormalization(), L.GRU(3), mask=True),
    "batch_normalization_axis": lambda: pooled(L.BatchNormalization(axis=1), L.LayerNormalization(axis=[1, 2])),
    "layer_normalization_axes": lambda: pooled(L.LayerNormalization(axis=(1, 2), epsilon=0.01)),
    "group_normalization_steps": lambda: pooled(L.GroupNormalization(groups=2, axis=-1)),
    "unit_normalization_axes": lambda: pooled(L.UnitNormalization(axis=[1, 2])),
    "prelu_steps": lambda: pooled(L.PReLU(shared_axes=[1])),
    "dot_steps": lambda: stepwise(lambda x: L.Flatten()(L.Dot(axes=(2, 2))([x, L.Dense(4)(x)]))),
    "concatenate_mask": lambda: stepwise(lambda x: L.LSTM(3)(L.Concatenate(axis=1)([x, x])), mask=True),
    "concatenate_average": lambda: stepwise(lambda x: L.GlobalAveragePooling1D()(L.Concatenate()([x, x])), mask=True),
    "add_mask": lambda: stepwise(lambda x: L.GlobalAveragePooling1D()(L.Add()([x, L.Dense(4)(x)])), mask=True),
    "open_width": lambda: bare(L.Input((None,)), L.Embedding(CODES + 1, 4), L.LSTM(3), score()),
    "int32_input": lambda: bare(start_token(), L.Embedding(CODES + 1, 4), L.GRU(3), score()),
    "int64_input": lambda: bare(L.Input((WIDTH,), dtype="int64"), L.Embedding(CODES + 1, 4), L.GRU(3), score()),
    "batch_of_one": lambda: bare(L.Input(batch_size=1, shape=(WIDTH,)), L.Embedding(CODES + 1, 4), L.LSTM(3), score()),
    "stateful": lambda: bare(
        L.Input(batch_size=1, shape=(WIDTH,)), L.Embedding(CODES + 1, 4), L.LSTM(3, stateful=True), score()
    ),
    "embedding_first": lambda: bare(L.Embedding(CODES + 1, 4, input_length=WIDTH), L.Flatten(), score()),
    "embedding_regularized": lambda: bare(
        L.Input((WIDTH,)),
        L.Embedding(CODES + 1, 4, embeddings_regularizer="l2", embeddings_constraint="max_norm"),
        L.Flatten(),
        score(),
    ),
    "einsum": lambda: pooled(L.EinsumDense("abc,cd->abd", output_shape=(None, 4))),
    "category_encoding": lambda: bare(start_token(), L.CategoryEncoding(CODES + 1, output_mode="multi_hot"), score()),
    "category_count": lambda: bare(start_token(), L.CategoryEncoding(CODES + 1, output_mode="count"), score()),
    "picture": lambda: grid(
        L.Conv2D(2, 3, padding="same", activation="relu"), L.MaxPooling2D(2), L.AveragePooling2D(2)
    ),
    "picture_pooled": lambda: stepwise(
        lambda x: L.Concatenate()(
            [
                kind()(L.Conv2D(2, 2)(L.Reshape((WIDTH, 4, 1))(x)))
                for kind in (L.GlobalMaxPooling2D, L.GlobalAveragePooling2D)
            ]
        )
    ),
    "picture_kinds": lambda: grid(
        L.DepthwiseConv2D(2), L.SeparableConv2D(2, 2), L.Conv2DTranspose(2, 2), L.SpatialDropout2D(0.1)
    ),
    "picture_sizes": lambda: grid(L.UpSampling2D(2), L.ZeroPadding2D(1), L.Cropping2D(1), L.BatchNormalization(axis=1)),
    "volume": lambda: cube(L.Conv3D(2, 2), L.MaxPooling3D(2), L.UpSampling3D(1)),
    "lstm_convolution": lambda: frames(L.ConvLSTM1D(2, 2)),
    "lstm_convolution_default": lambda: seq(
        L.Reshape((3, 4, 2, 2)), L.ConvLSTM2D(2, 2, return_sequences=True, padding="same"), L.Flatten()
    ),
    "mixed_lstm": lambda: (keras.mixed_precision.set_global_policy("mixed_float16"), seq(L.LSTM(4), mask=True))[1],
    "mixed_heads": lambda: (keras.mixed_precision.set_global_policy("mixed_float16"), stepwise(heads()))[1],
    "mixed_gru_hard": lambda: (
        keras.mixed_precision.set_global_policy("mixed_float16"),
        seq(L.Bidirectional(L.GRU(4, recurrent_activation="hard_sigmoid"))),
    )[1],
}


def make(build: Callable[[], Any], name: str, kind: str, path: Path) -> tuple[dict[str, str], Any]:
    """Save one model; what it is, and the scores that its file gives."""
    keras.backend.clear_session()
    keras.mixed_precision.set_global_policy("float32")
    keras.utils.set_random_seed(sum(map(ord, name)))
    model = build()
    keras.mixed_precision.set_global_policy("float32")
    x = inputs()[kind]
    if not model.built:
        model.build((None, x.shape[1]))
    chance = np.random.RandomState(3)
    for layer in model.layers:
        if "normalization" in layer.name and "group" not in layer.name and "layer" not in layer.name:
            continue  # statistics are set below: a variance is positive, a count a whole number
        layer.set_weights([_moved(chance, weights) for weights in layer.get_weights()])
    for layer in model.layers:
        if isinstance(layer, L.BatchNormalization):
            layer.set_weights([np.abs(_moved(chance, weights)) + 0.1 for weights in layer.get_weights()])
    model.save(path, include_optimizer=False) if KERAS_2 else model.save(path)
    half = "float16" if "float16" in name or "mixed" in name else "float32"
    facts = {"kind": kind, "precision": "bfloat16" if "bfloat16" in name else half}
    try:
        again = keras.models.load_model(path, compile=False)
        alone = name in ("batch_of_one", "stateful")
        scores = again.predict(x, batch_size=1 if alone else 32, verbose=0)
        return facts, np.asarray(scores, "float32").reshape(ROWS, -1) if not isinstance(scores, list) else None
    except Exception as error:
        # Without the folders of the machine that made it.
        text = re.sub(r'"/[^"]*/site-packages/', '"', " ".join(str(error).split()))
        return {**facts, "broken": f"{type(error).__name__}: {text[:100]}"}, None


def _moved(chance: Any, weights: Any) -> Any:
    if weights.dtype.kind not in "fV" or not weights.ndim:
        return weights
    return (weights + chance.normal(0, 0.3, weights.shape)).astype(weights.dtype)


def main() -> None:
    """Make all, or the cases that are named after the archive."""
    cases, scores = {}, dict(inputs())
    only = sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
        for kind, builders in (("dense_bow", BAG), ("sequence", SEQUENCE)):
            for name, build in builders.items():
                path = Path(folder, f"{name}.h5")
                if only and name not in only:
                    continue
                try:
                    cases[name], answers = make(build, name, kind, path)
                except Exception as error:
                    print(f"cannot be made: {name}: {type(error).__name__}: {' '.join(str(error).split())[:150]}")
                    continue
                if answers is not None:
                    scores[f"{name}.scores"] = answers
                _add(archive, f"{name}.h5", path.read_bytes())
        _add(archive, "cases.json", json.dumps(cases, indent=1).encode())
        packed = io.BytesIO()
        np.savez_compressed(packed, **scores)
        _add(archive, "scores.npz", packed.getvalue())
    broken = {name: facts["broken"] for name, facts in cases.items() if "broken" in facts}
    print(f"Keras {VERSION}, TensorFlow {tf.__version__}: {len(cases)} cases; its maker cannot load {broken}")


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
