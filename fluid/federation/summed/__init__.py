"""A student whose gradients are summed over companies: what each company sends, what the coordinator opens, and the stage of both."""
