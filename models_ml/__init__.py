"""Pure numpy, pandas and scikit-learn: frames in, estimators and frames out."""
