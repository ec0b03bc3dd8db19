"""What a bundle says about controls, each group a pure function of the evidence."""
