"""What every background job needs and no app owns: leases. Imports no app."""
