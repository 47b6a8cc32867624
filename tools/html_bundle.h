/* html_bundle.h - the page of `vmatlas report --html`, as `make web` has made it of tools/web. */
#ifndef VMATLAS_HTML_BUNDLE_H
#define VMATLAS_HTML_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

/* The page up to where its data stands, and from there on. */
struct html_bundle {
	const char *head, *tail;
	size_t head_length, tail_length;
};

/* False where the command was built without it. */
bool html_bundle_get(struct html_bundle *bundle);

#endif
