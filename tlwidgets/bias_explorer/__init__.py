"""The sample-selection-bias explorer: who was drawn, what the sample believes, what is so."""
