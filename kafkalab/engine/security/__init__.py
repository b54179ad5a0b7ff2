"""Who may do what: access control lists, the authorizer that reads them, and the credentials of users."""
