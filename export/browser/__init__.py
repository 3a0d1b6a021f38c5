"""The page that runs an exported model in a browser, and the server that shows it on this machine."""

from deeplab_tf.export.browser.folder import export_browser, write_page
from deeplab_tf.export.browser.server import address, page_server

__all__ = ["address", "export_browser", "page_server", "write_page"]
