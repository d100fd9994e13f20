"""Where Stripe and NetSuite post what happened: verify, store, answer."""
