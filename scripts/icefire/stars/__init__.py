"""What is known of each star, and which stars are kept: quality, kinematics, cuts, the ledger."""
