"""How much a client may ask of the cluster: quotas of users, client ids and addresses.

`limits` which quota counts for a client, `rates` how much it has used, `client_quotas` what a broker does about
it, `mutations` what the controller does, `altering` how quotas are set and told
(KIP-13, KIP-55, KIP-124, KIP-219, KIP-546, KIP-599, KIP-612).
"""
