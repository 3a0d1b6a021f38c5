"""One builder a data set: its files, as their owners publish them, into pairs of image and mask, and into TFRecords."""
