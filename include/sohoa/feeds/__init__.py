"""From the files that the province and other systems export to source rows in force."""
