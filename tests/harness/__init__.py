"""What several tests share: small networks, files to read, and the proofs that every model and backbone passes."""
