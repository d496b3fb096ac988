"""Many documents: a ledger of what became of each, processes that read them, and one account with the model."""
