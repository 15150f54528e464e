"""Microsoft: which directory is a tenant's, and how is it asked?"""

from backend.settings import Settings
from backend.store.tenants import Tenant
from connectors.outlook import probe
from connectors.outlook.directory import Directory


def directory_of(settings: Settings, tenant: Tenant) -> Directory:
    """The tenant's own directory. Nothing is asked yet. Raises Refused when a setting is missing."""
    graph = probe.graph_for(
        directory=tenant.directory,
        client_id=settings.outlook_client_id,
        secret=settings.outlook_client_secret.get_secret_value(),
        certificate=settings.outlook_certificate.get_secret_value(),
        login_url=settings.microsoft_login_url,
        graph_url=settings.microsoft_graph_url,
        ca_file=settings.ca_file,
    )
    return Directory(graph)
