"""What is wrong with the labels of a data set, before or after conversion: findings, a picture, a page."""
