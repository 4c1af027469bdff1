"""Pure clients that read ad, web and CRM systems, one file per connector, and the registry that declares them."""
