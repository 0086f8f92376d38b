"""What `edgesim test` needs: which scenarios, on how many processes, and what is said of how they came out."""
