#!/usr/bin/env sh
# make includes this file: an assignment with "export" is both languages.
export MLFLOW_TRACKING_URI=file:./mlruns
