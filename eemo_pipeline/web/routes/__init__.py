"""The routes of the review server: pages, account, tasks, images."""
