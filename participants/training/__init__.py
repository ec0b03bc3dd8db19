"""Training one round with Lightning and Opacus, in a child process without keys or network. The room of torch."""
