"""How the trail's file of one version becomes that of the next."""
