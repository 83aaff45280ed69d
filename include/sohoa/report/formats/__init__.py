"""The weekly report as PDF, HTML page and workbook."""
