"""The officer's portal: pages of the trail for people, behind a login by signature; it reads, and signs nothing."""
