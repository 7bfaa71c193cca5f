"""What is kept and for how long, what is deleted when due, and the receipts that prove it."""
