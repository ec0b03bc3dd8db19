"""What a network of real Fabric nodes needs, whichever way its nodes run."""
