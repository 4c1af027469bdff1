"""The clinic world as a clinic's systems would hold it: export folders, a CRM database, a registry that names them."""
