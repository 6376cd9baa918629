"""Explain each failure code: what it means, what usually causes it, what to do. docs/failures.md says the same."""

from __future__ import annotations

from dataclasses import dataclass

BROKEN = "F07-BROKEN"


@dataclass(frozen=True)
class CodeHelp:
    """The explanation of one failure code.

    :param meaning: what the run saw.
    :param causes: what usually causes it.
    :param remedy: what to do.
    """

    meaning: str
    causes: str
    remedy: str


FAILURE_CODES: dict[str, CodeHelp] = {
    "F07-NONFINITE": CodeHelp(
        "Scores of the model's own dataset are NaN or infinite.",
        "Weights that are not numbers after a training that diverged; a pooling over nothing, where a window holds no "
        "code that the model knows.",
        "Read in the sentence which of the two it is. Weights that are not numbers cannot be mended: train again with "
        "a smaller learning rate or clipnorm in the optimizer, let keras.callbacks.TerminateOnNaN stop at the first "
        "loss that is no number, and keep windows without a known code out of a training with mask_zero. A pooling "
        "over nothing: train without mask_zero, or keep such windows out of the dataset. Where the oracle has numbers, "
        "the server is wrong. make explain7 on a row that the sentence names shows the layer where the numbers end.",
    ),
    "F07-EQUIVALENCE": CodeHelp(
        "The server gives another label or score than F05's vectorization and Keras give for the same window.",
        "Another version of Keras behind the server, another vectorization, swapped rows, a model in lower precision.",
        "Run explain7 on the first row that the sentence names: it shows the layer where server, Keras and other "
        "kernels differ. Where the difference is meant, raise equivalence.tolerance in params.yaml.",
    ),
    "F07-REPEAT": CodeHelp(
        "Equal windows have unequal scores.",
        "A layer that draws random numbers when it predicts, a server that keeps state between requests, answers of "
        "another request.",
        "Look for dropout or noise that is active when the model predicts, and for a cache or several models behind "
        "one address.",
    ),
    "F07-INFER": CodeHelp(
        "A window asked alone (/infer) has another answer than in a batch (/infer_batch).",
        "Padding or normalization over the whole batch; two routes with two implementations.",
        "Make both routes call the same function, and pad a window to the same length in any batch.",
    ),
    "F07-THRESHOLD": CodeHelp(
        "A logged y_pred is not y_prob >= threshold.",
        "The server applies another threshold than the package's, or > in place of >=, or compares in another "
        "precision.",
        "Compare the threshold in model_summary.json with the one that the server reads.",
    ),
    "F07-EMISSIONS": CodeHelp(
        "The log is not the datasets, row for row, each once.",
        "A server or a proxy that drops, repeats or reorders rows; a log that something else has written to.",
        "Run again. If it stays, look at the row that the sentence names in logs/raw_predictions.csv and at "
        "runtime/server.log.",
    ),
    "F07-BOOKS": CodeHelp(
        "Reference rows, rows without reference and known windows of other datasets do not add up to the emissions.",
        "A dataset that changed during the run, or a mistake in pytest-f07.",
        "Run again. If it stays, report it with logs/ and metrics/.",
    ),
    "F07-RECOUNT": CodeHelp(
        "A second count of the log, by plain loops that share nothing with the first, says otherwise.",
        "A mistake in pytest-f07, or memory that is broken.",
        "No metric of this run counts. Run again. If it stays, report it with logs/.",
    ),
    "F07-IDENTITY": CodeHelp(
        "The server serves another model file, or run and oracle have read another one.",
        "A server that still holds an older package; a package that changed during the run.",
        "Start the server again with this package, and run again.",
    ),
    "F07-UNLABELLED": CodeHelp(
        "No row of the model's own dataset is labelled, so there is nothing to compare with.",
        "The dataset was packaged before F04 labelled it, or sample_size takes rows that have no label.",
        "Label the dataset (F04) and package it again, or take more rows.",
    ),
    "F07-REQUIRED": CodeHelp(
        "A metric is below what require in params.yaml asks for.",
        "The model is not good enough on this dataset, or its base rate is another than in F05's test, which moves "
        "precision.",
        "Look at where the model is most wrong, and at F05's precision at the base rate here, in the report. Train "
        "again, or ask for what is needed.",
    ),
    "F07-WORSE": CodeHelp(
        "A metric fell, or predictions flipped, by more than require allows since an earlier run.",
        "Another model, threshold or dataset than then; another version of Keras behind the server.",
        "Run with COMPARE= that run: the report shows what changed, and which rows flipped. Mend it, or allow it.",
    ),
    BROKEN: CodeHelp(
        "The run could not be finished, so no model is judged.",
        "The server did not start or died, a request took too long, the disk is full, a dataset cannot be read.",
        "Read the sentence, and the last lines of runtime/server.log. Mend that, and run again. With RESUME=1 the new "
        "run takes the parts that this one finished.",
    ),
}
