"""How fast is it, beside its peers, in one and the same run?"""
