"""Learning representations without labels: masks, teachers, predictors and the step of a pair."""
